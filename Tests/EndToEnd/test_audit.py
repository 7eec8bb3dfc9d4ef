"""The audit proves books that are right, and finds what was forged into them."""

import json

import pytest

from audits import assert_right, audit, sums_accepted, sums_executed
from books import await_endings
from commands import check, command, mixed, payout
from processes import http, run
from test_main import FAULTS
from waiting import until


def test_books_are_right_through_faults_and_a_restart(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "4", "--latency-ms", "20")
    sandbox.break_with(*FAULTS)
    orders = mixed(400)
    commands = orders + [check(order) for order in orders[:40]]
    sandbox.cluster.send(commands)
    first = start_worker(sandbox)
    until(lambda: sandbox.executed >= 150, 60, lambda: f"150 executed: {sandbox.totals}")
    # While the workers run, what is open is no breach.
    assert_right(sandbox.environment)
    assert first.stop(within=25) == 0
    code, report = audit(sandbox.environment, "--complete")
    assert code == 1 and {breach["rule"] for breach in report["breaches"]} == {"open"}

    start_worker(sandbox)
    until(lambda: sandbox.executed >= 360, 60, lambda: f"360 executed: {sandbox.totals}")
    sandbox.break_with()
    await_endings(sandbox.cluster, commands, within=90)
    report = assert_right(sandbox.environment, "--complete", "--provider", "--rate", "100")
    assert sums_accepted(report) == sums_executed(sandbox)
    assert report["asked_provider"] == len(orders)
    assert sum(row["count"] for row in report["commands"]) == len(commands)
    assert report["not_judged"] == []


@pytest.fixture
def paid_out(start_sandbox, start_worker):
    """A sandbox whose books are right: two payouts were requested, and one refused."""
    sandbox = start_sandbox("--partitions", "2")
    worker = start_worker(sandbox, ASPAYDS_ROLES="payouts")
    orders = [payout("WD-1"), payout("WD-2"), command("payout", "request", "WD-3")]
    sandbox.cluster.send(orders)
    await_endings(sandbox.cluster, orders, within=60)
    assert worker.stop(within=25) == 0
    sandbox.events = {event.reference: event for event in sandbox.cluster.events()}
    assert_right(sandbox.environment, "--complete", "--provider")
    return sandbox


def forge(sandbox, event, kind, **changed):
    """Publishes an event that no worker has made; answers its place."""
    body = event.body | changed
    headers = dict(event.headers) | {
        "ce_type": f"aspayds.payout.{kind}".encode(),
        "ce_id": f"payout/{event.reference}/{kind}/{body['attempt']}".encode(),
    }
    cluster = sandbox.cluster
    known = set(cluster.own)
    cluster.produce("payout.events", json.dumps(body), event.key, list(headers.items()))
    cluster.flush()
    ((_, partition, offset),) = cluster.own - known
    return partition, offset


def breaches(sandbox, *flags):
    """What an audit finds: places, rules and references."""
    code, report = audit(sandbox.environment, *flags)
    assert code == (1 if report["breaches"] else 0)
    return {
        (one["topic"], one["partition"], one["offset"], one["rule"], one.get("transaction_reference"))
        for one in report["breaches"]
    }


def test_a_forged_state_is_named(paid_out):
    place = forge(paid_out, paid_out.events["WD-1"], "completed", sequence=2)
    topic = paid_out.cluster.topic("payout.events")
    assert breaches(paid_out) == {(topic, *place, "unrecorded", "WD-1")}
    ended = run("aspayds-worker", "audit", environment=paid_out.environment, within=60)
    assert ended.returncode == 1 and ended.stderr == ""
    assert f"{topic}/{place[0]}/{place[1]}  unrecorded  WD-1  " in ended.stdout
    assert "1 breach in" in ended.stdout
    assert breaches(paid_out, "--reference", "wd-2") == set()
    # What is not there is not right for that.
    for reference, code, told in [("WD-9", 1, "nothing is known of WD-9"), ("W 9", 2, 'reference "W 9"')]:
        flags = "audit", "--reference", reference
        ended = run("aspayds-worker", *flags, environment=paid_out.environment, within=60)
        assert (ended.returncode, ended.stdout) == (code, "") and told in ended.stderr, ended


def test_a_second_execution_is_named(paid_out):
    place = forge(
        paid_out, paid_out.events["WD-1"], "requested", payout_id="ATPAY666", attempt=2, sequence=2
    )
    assert breaches(paid_out) == {
        (paid_out.cluster.topic("payout.events"), *place, rule, "WD-1")
        for rule in ("unrecorded", "ended_twice", "two_ids")
    }


def test_an_id_of_another_reference_is_named(paid_out):
    theirs = paid_out.events["WD-2"].provider_id
    place = forge(paid_out, paid_out.events["WD-1"], "requested", payout_id=theirs)
    assert breaches(paid_out) == {
        (paid_out.cluster.topic("payout.events"), *place, rule, "WD-1")
        for rule in ("content", "shared_id", "two_ids")
    }


def test_what_cannot_be_read_is_named(paid_out):
    paid_out.cluster.produce("payout.ledger", "no JSON", "WD-1", partition=0)
    paid_out.cluster.flush()
    ((topic, partition, offset),) = paid_out.cluster.own
    assert breaches(paid_out) == {(topic, partition, offset, "unreadable", None)}


def test_the_provider_is_compared(paid_out):
    # Somebody else has carried out what we have refused.
    order = payout("WD-3").value
    headers = {"x-api-key": "sandbox-key", "x-api-secret": "sandbox-secret"}
    status, _ = http("POST", f"{paid_out.root}/api/payout/request", order, headers=headers)
    assert status == 201
    assert breaches(paid_out) == set()
    found = breaches(paid_out, "--provider")
    assert {place[3:] for place in found} == {("provider_has", "WD-3")}
    # And the provider has lost what it had accepted.
    paid_out.order("POST", "reset")
    found = breaches(paid_out, "--provider")
    assert {place[3:] for place in found} == {
        ("provider_absent", "WD-1"),
        ("provider_absent", "WD-2"),
    }
    ledger = {place[0] for place in found}
    assert ledger == {paid_out.cluster.topic("payout.ledger")}


def test_a_provider_that_does_not_answer_is_a_failure(paid_out):
    environment = paid_out.environment | {"ASPAYDS_BASE_URL": "http://127.0.0.1:1/api"}
    flags = "audit", "--provider", "--rate", "1000"
    ended = run("aspayds-worker", *flags, environment=environment, within=60)
    assert ended.returncode == 1
    assert "the provider could not be asked" in ended.stderr
    assert "requested" in ended.stdout
