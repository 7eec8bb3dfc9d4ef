"""One reference, several commands: executed once, answered each time."""

from commands import command, payment, payout
from waiting import until


def answers(cluster, count):
    """The events by command, once there are so many."""

    def answered():
        events = cluster.events()
        return events if len(events) >= count else None

    events = until(answered, 30, lambda: f"{count} answers: {cluster.events()}")
    assert len(events) == count
    return events


def test_the_same_order_again_is_not_executed_but_answered_again(start_sandbox, start_worker):
    # One partition, so that a lower-case key lies beside its upper-case one.
    sandbox = start_sandbox("--partitions", "1")
    first = payment("Twice-1", 120), payout("TWICE-1", 700)
    for order in first:
        lower = order.value | {"transaction_reference": "twice-1"}
        sandbox.cluster.send([order, order, command(order.domain, order.type, **lower)])
    start_worker(sandbox)

    events = answers(sandbox.cluster, 6)
    for order, kind in zip(first, ("created", "requested")):
        same = [event for event in events if event.domain == order.domain]
        assert {event.kind for event in same} == {kind}
        assert len({event.id for event in same}) == 1
        assert len({event.value for event in same}) == 1
        assert same[0].command == order.id
    # A payment and a payout under one reference have nothing to do with one another.
    executed = {(line["kind"], line["reference"]) for line in sandbox.executions}
    assert executed == {("payment", "Twice-1"), ("payout", "TWICE-1")}
    assert sandbox.executed == 2


def test_another_order_under_the_same_reference_is_a_conflict(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "1")
    first, *later = payout("CONFLICT-1"), payout("CONFLICT-1", 900), payout("conflict-1", 900)
    sandbox.cluster.send([first, *later])
    start_worker(sandbox)

    events = {event.command: event for event in answers(sandbox.cluster, 3)}
    assert events[first.id].kind == "requested"
    for order in later:
        event = events[order.id]
        assert event.kind == "refused"
        assert event.reason["code"] == "reference_conflict"
        assert event.reason["field"] == "transaction_reference"
        # The answer is to the command: it says where the reference stands, and is no state of it.
        assert event.body["status"] == "accepted"
        assert "sequence" not in event.body
    assert [line["amount"] for line in sandbox.executions] == [500]
