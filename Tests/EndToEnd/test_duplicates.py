"""One reference, several commands: executed once, answered each time."""

from books import await_endings, judge
from commands import command, payment, payout
from waiting import until


def events_of(cluster, *commands):
    """The events that answer these commands, once each of them is answered."""
    wanted = {command.id for command in commands}

    def answered():
        events = [event for event in cluster.events() if event.command in wanted]
        return events if {event.command for event in events} == wanted else None

    return until(answered, 30, "every command is answered")


def test_the_same_record_twice_is_executed_once_and_answered_twice(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "1")
    for order in (payment("TWICE-1", 120), payout("TWICE-2", 700)):
        sandbox.cluster.send([order, order])
    start_worker(sandbox)
    events = until(
        lambda: (all := sandbox.cluster.events()) and len(all) == 4 and all, 30, "four answers"
    )
    for domain, kind in (("payment", "created"), ("payout", "requested")):
        first, second = [event for event in events if event.domain == domain]
        assert first.kind == second.kind == kind
        assert first.id == second.id
        assert first.value == second.value
    assert sandbox.executed == 2 and sandbox.totals["repeated"] == 0


def test_another_body_under_the_same_reference_is_a_conflict(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "1")
    first = payout("CONFLICT-1", 500)
    second = payout("CONFLICT-1", 900)
    lower = payout("conflict-1", 900)
    sandbox.cluster.send([first, second, lower])
    start_worker(sandbox)

    answers = {event.command: event for event in events_of(sandbox.cluster, first, second, lower)}
    assert answers[first.id].kind == "requested"
    for late in (second, lower):
        event = answers[late.id]
        assert event.kind == "refused"
        assert event.reason["code"] == "reference_conflict"
        assert event.reason["field"] == "transaction_reference"
        assert event.body["status"] == "accepted"
        assert "sequence" not in event.body
    assert [line["amount"] for line in sandbox.executions] == [500]


def test_case_does_not_tell_references_apart(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "1")
    upper = payment("CASE-1", 150)
    lower = command("payment", "create", "case-1", **upper.value | {"transaction_reference": "case-1"})
    sandbox.cluster.send([upper, lower])
    start_worker(sandbox)
    until(lambda: len(sandbox.cluster.events()) == 2, 30, "two answers")
    assert {event.kind for event in sandbox.cluster.events()} == {"created"}
    assert len({event.id for event in sandbox.cluster.events()}) == 1
    assert sandbox.executed == 1


def test_the_references_of_payments_and_payouts_are_apart(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "1")
    orders = [payment("SHARED-1"), payout("SHARED-1")]
    sandbox.cluster.send(orders)
    start_worker(sandbox)
    await_endings(sandbox.cluster, orders, within=30)
    assert judge(sandbox, orders) == {"payment created": 1, "payout requested": 1}
