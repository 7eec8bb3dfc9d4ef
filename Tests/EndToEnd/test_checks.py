"""Questions about references and ids, of ours and of somebody else's."""

import dataclasses
import json
import urllib.request

import pytest

from commands import check, command, payment, payout
from waiting import until

ID = {"payment": "invoice_id", "payout": "payout_id"}


@pytest.mark.parametrize("domain", ["payment", "payout"])
def test_many_checks_at_once_become_one_request(domain, start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "2")
    cluster = sandbox.cluster
    commands = checks(sandbox, domain)
    cluster.send(commands)
    start_worker(sandbox, ASPAYDS_ROLES=f"{domain}s", ASPAYDS_RATE_LIMIT="10")
    ids = {command.id for command in commands}
    answers = until(lambda: answered(cluster, ids), 60, "every check is answered")
    found = {event.command: event for event in answers}
    by_reference, by_id, unknown, *_ = commands
    for command in (by_reference, by_id):
        event = found[command.id]
        assert event.body["status"] == "pending" and event.provider_id
        assert event.body["amount"] == 500 and event.reference == "EXTERNAL-1"
    assert found[by_reference.id].body["origin"] == "external"
    # An id is asked for in any partition; the ledger of its reference may not have been read by then.
    assert found[by_id.id].body.get("origin") in ("external", None)
    assert found[unknown.id].reason["code"] == "not_found"
    requests = sandbox.order("GET", "requests")["by_endpoint"]
    many = sum(requests[f"POST /{domain}/batch/status"].values())
    single = sum(requests.get(f"GET /{domain}/{{id}}", {}).values())
    assert many + single <= 10, requests
    # One alone is asked for by itself.
    alone = check_id(domain, found[by_id.id].provider_id)
    cluster.send([alone])
    until(lambda: answered(cluster, {alone.id}), 30, "the single check is answered")
    requests = sandbox.order("GET", "requests")["by_endpoint"]
    assert sum(requests[f"GET /{domain}/{{id}}"].values()) == single + 1


def answered(cluster, ids):
    found = [e for e in cluster.events() if e.kind == "checked" and e.command in ids]
    return found if len(found) == len(ids) else None


def checks(sandbox, domain):
    """300 checks: of what somebody else has ordered by reference and by id, and of nothing."""
    made = order_elsewhere(sandbox, domain)
    nothing = [command(domain, "check", f"NOTHING-{number}") for number in range(298)]
    return [command(domain, "check", "EXTERNAL-1"), check_id(domain, made[ID[domain]]), *nothing]


def check_id(domain, number):
    """A question about an id of the provider's; its record has no key."""
    asked = command(domain, "check", None)
    return dataclasses.replace(asked, value={ID[domain]: number})


def order_elsewhere(sandbox, domain):
    """Orders past the workers; what the provider answers."""
    path = {"payment": "payment/create", "payout": "payout/request"}[domain]
    order = {"payment": payment, "payout": payout}[domain]("EXTERNAL-1", amount=500)
    environment = sandbox.environment
    request = urllib.request.Request(
        f"{environment['ASPAYDS_BASE_URL']}/{path}",
        data=json.dumps(order.value).encode(),
        headers={
            "x-api-key": environment["ASPAYDS_API_KEY"],
            "x-api-secret": environment["ASPAYDS_API_SECRET"],
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def test_what_the_provider_never_answers_is_unavailable(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "1")
    cluster = sandbox.cluster
    sandbox.break_with({"fault": "500", "endpoint": "status", "domain": "payout"})
    start_worker(sandbox, ASPAYDS_ROLES="payouts")
    asked = command("payout", "check", "ANY-1")
    order = payout("AFTER-1")
    cluster.send([asked, order])
    (answer,) = until(lambda: answered(cluster, {asked.id}), 90, "the check is answered")
    assert answer.reason["code"] == "unavailable"
    assert "status" not in answer.body and "certainty" not in answer.body
    until(lambda: not cluster.uncommitted("payout"), 30, "its offset passes")
    assert [e.reference for e in cluster.events() if e.kind == "requested"] == ["AFTER-1"]


def test_a_check_tells_what_has_changed(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "1")
    cluster = sandbox.cluster
    start_worker(sandbox, ASPAYDS_ROLES="payouts")
    order = payout("MINE-1")
    cluster.send([order])
    until(lambda: [e for e in cluster.events() if e.kind == "requested"], 30, "it is requested")
    sandbox.order("POST", "payouts/MINE-1/complete")
    asked = check(order)
    cluster.send([asked])
    (answer,) = until(lambda: answered(cluster, {asked.id}), 30, "the check is answered")
    assert answer.body["status"] == "completed" and answer.body["origin"] == "own"
    events = until(
        lambda: [e for e in cluster.events() if e.kind == "completed"], 30, "the end is told"
    )
    assert len(events) == 1 and events[0].body["trigger"] == "command"
    assert events[0].command == order.id
