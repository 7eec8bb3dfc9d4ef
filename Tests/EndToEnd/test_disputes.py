"""What a person decides of a payout that was accepted, and of which nothing came."""

import json

from commands import payout
from processes import run
from waiting import until

WHO = "--by", "amina", "--why", "on the bank statement", "--yes"
SHORT = {"ASPAYDS_ROLES": "payouts", "ASPAYDS_POLL_HORIZON": "10s"}


def operator(sandbox, *words):
    """A command of a person; answers its code, and what it printed on both outputs."""
    ended = run("aspayds-worker", *words, environment=sandbox.environment, within=60)
    return ended.returncode, ended.stdout, ended.stderr


def said(cluster, reference):
    """The events of a reference, each once."""
    return list({e.id: e for e in cluster.events() if e.reference == reference}.values())


def test_what_is_overdue_is_closed_by_a_person(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "2")
    cluster = sandbox.cluster
    worker = start_worker(sandbox, **SHORT)
    names = "OVERDUE-1", "OVERDUE-2"
    cluster.send([payout(name, amount=700) for name in names])
    for name in names:
        events = until(
            lambda: [e for e in said(cluster, name) if e.kind == "needs_review"],
            90,
            f"{name} needs a person",
        )
        assert events[0].body["certainty"] == "accepted" and events[0].reason["code"] == "overdue"

    code, output, _ = operator(sandbox, "review", "list", "--json")
    listed = [json.loads(line) for line in output.splitlines()]
    assert sorted(line["transaction_reference"] for line in listed) == sorted(names)
    code, output, _ = operator(sandbox, "review", "show", "overdue-1")
    assert code == 0 and "700" in output
    assert "a person must decide" in output and "release" not in output
    code, _, complaint = operator(sandbox, "review", "release", "OVERDUE-1", *WHO)
    assert code == 1 and "nothing lets it be sent again" in complaint

    # Another worker has not seen it accepted, and finds it in the ledger.
    assert worker.stop(within=25) == 0
    worker = start_worker(sandbox, **SHORT).await_ready()
    close = "review", "close"
    code, output, complaint = operator(sandbox, *close, "OVERDUE-1", "--done", *WHO)
    assert code == 0 and "it counts as completed" in output, complaint
    code, output, complaint = operator(sandbox, *close, "OVERDUE-2", "--not-done", *WHO)
    assert code == 0 and "it counts as cancelled" in output, complaint
    for name, kind in zip(names, ("completed", "cancelled")):
        (event,) = [e for e in said(cluster, name) if e.kind == kind]
        assert event.body["trigger"] == "operator" and "amina" in event.reason["message"]
    # The provider has not said so.
    assert sandbox.cluster.records("notifications") == []
    code, output, _ = operator(sandbox, "review", "list")
    assert code == 0 and "nothing is in review" in output
    code, _, complaint = operator(sandbox, *close, "OVERDUE-1", "--not-done", *WHO)
    assert code == 1 and "not in review" in complaint

    # Read again by the next worker, the orders do nothing.
    events = {event.id for event in cluster.events()}
    assert worker.stop(within=25) == 0
    worker = start_worker(sandbox, **SHORT).await_ready()
    late = payout("LATER-1")
    cluster.send([late])
    until(lambda: said(cluster, "LATER-1"), 30, "a later payout is requested")
    later = {event.id for event in cluster.events() if event.reference in names}
    assert later <= events
    assert sandbox.executed == 3
