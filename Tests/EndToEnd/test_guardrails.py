"""Payouts that are too much to be made without a person."""

import json

from commands import payout
from processes import run
from waiting import until

WHO = "--by", "amina", "--why", "she has called", "--yes", "--json"
LIMITS = {
    "ASPAYDS_ROLES": "payouts",
    "ASPAYDS_PAYOUT_MAX_AMOUNT": "600",
    "ASPAYDS_PAYOUT_DAILY_LIMIT": "2000",
}


def executed(sandbox):
    """The references of what the provider has executed."""
    return sorted(line["reference"] for line in sandbox.executions)


def last(cluster):
    """The latest event of each reference."""
    return {event.reference: event for event in cluster.events()}


def ended(cluster, **kinds):
    """The latest events, once they are these."""
    kinds = {reference.replace("_", "-"): kind for reference, kind in kinds.items()}

    def find():
        told = last(cluster)
        return told if {name: event.kind for name, event in told.items()} == kinds else None

    return until(find, 60, lambda: {name: event.kind for name, event in last(cluster).items()})


def order(sandbox, *words):
    """A command of a person, which must be obeyed: what it prints."""
    done = run("aspayds-worker", *words, environment=sandbox.environment, within=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_what_is_too_much_is_held_released_and_closed(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "1")
    cluster = sandbox.cluster
    worker = start_worker(sandbox, **LIMITS).await_ready()
    cluster.send([payout("BIG-1", amount=601), payout("BIG-2", amount=900), payout("OK-1", amount=600)])
    told = ended(cluster, BIG_1="needs_review", BIG_2="needs_review", OK_1="requested")
    assert executed(sandbox) == ["OK-1"]
    event = told["BIG-1"]
    assert (event.body["certainty"], event.reason["code"]) == ("not_sent", "above_maximum")
    assert event.reason["field"] == "amount" and "ASPAYDS_PAYOUT_MAX_AMOUNT, 600" in event.reason["message"]

    # The day is full; whoever owns the partition next knows it from the ledger.
    cluster.send([payout("OK-2", amount=600), payout("OK-3", amount=600)])
    ended(
        cluster, BIG_1="needs_review", BIG_2="needs_review", OK_1="requested", OK_2="requested",
        OK_3="requested",
    )
    worker.kill()
    worker = start_worker(sandbox, **LIMITS).await_ready()
    cluster.send([payout("FULL-1", amount=201), payout("OK-4", amount=200)])
    told = until(lambda: (t := last(cluster)) and {"FULL-1", "OK-4"} <= t.keys() and t, 60, "both end")
    assert (told["FULL-1"].kind, told["FULL-1"].reason["code"]) == ("needs_review", "daily_limit")
    assert told["OK-4"].kind == "requested"

    listed = {line["transaction_reference"] for line in order(sandbox, "review", "list", "--json")}
    assert listed == {"BIG-1", "BIG-2", "FULL-1"}

    environment = sandbox.environment
    page = run("aspayds-worker", "review", "show", "BIG-1", environment=environment, within=60).stdout
    assert "  held since " in page and "in doubt" not in page

    # No window has to pass: it is certain that nothing was sent.
    (taken,) = order(sandbox, "review", "release", "BIG-1", *WHO)
    assert taken["result"] == "taken"
    (taken,) = order(sandbox, "review", "close", "BIG-2", "--not-done", *WHO)
    assert taken["result"] == "taken"
    told = until(lambda: (t := last(cluster))["BIG-1"].kind == "requested" and t, 60, "it is sent")
    event = told["BIG-1"].body
    assert (event["trigger"], event["attempt"]) == ("operator", 2)
    assert "amina: she has called" in event["reason"]["message"]
    until(lambda: last(cluster)["BIG-2"].kind == "refused", 60, "it is closed")
    assert executed(sandbox) == ["BIG-1", "OK-1", "OK-2", "OK-3", "OK-4"]

    # What was held is not forgotten, and not sent because somebody starts without limits.
    assert worker.stop(within=25) == 0
    start_worker(sandbox, ASPAYDS_ROLES="payouts").await_ready()
    cluster.send([payout("OK-5", amount=5000)])
    until(lambda: last(cluster).get("OK-5") and last(cluster)["OK-5"].kind == "requested", 60, "sent")
    assert "FULL-1" not in executed(sandbox)


def test_mistakes_are_told(start_sandbox):
    sandbox = start_sandbox("--partitions", "1", "--no-kafka")
    for value, told in [("1.000,50", "must be a positive amount"), ("0", "must be a positive amount")]:
        settings = sandbox.environment | {
            "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
            "ASPAYDS_PAYOUT_MAX_AMOUNT": value,
        }
        ended = run("aspayds-worker", "run", environment=settings, within=30)
        assert ended.returncode == 78
        assert "ASPAYDS_PAYOUT_MAX_AMOUNT" in ended.stderr and told in ended.stderr, ended.stderr
