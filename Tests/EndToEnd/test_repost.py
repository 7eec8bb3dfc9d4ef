"""An order that never arrived: a payment is sent again when that is certain, a payout never."""

from datetime import datetime, timedelta

from books import await_endings, judge
from commands import mixed

SETTLE_WINDOW = timedelta(seconds=5)
LOST = {"fault": "timeout-before", "endpoint": "create", "times": 3}


def test_a_lost_payment_is_sent_again_and_a_lost_payout_waits(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "2")
    sandbox.break_with(LOST | {"domain": "payment"}, LOST | {"domain": "payout"})
    commands = mixed(20)
    sandbox.cluster.send(commands)
    start_worker(sandbox, ASPAYDS_SETTLE_WINDOW="5s")
    await_endings(sandbox.cluster, commands, within=60)

    counts = judge(sandbox, commands)
    assert counts == {"payment created": 10, "payout requested": 7, "payout needs_review": 3}
    events = sandbox.cluster.events()
    doubts = {event.command: event for event in events if event.kind == "in_doubt"}
    assert len(doubts) == 6
    assert {event.reason["code"] for event in doubts.values()} == {"timeout"}

    again = [event for event in events if event.kind == "created" and event.command in doubts]
    assert [event.body["attempt"] for event in again] == [2, 2, 2]
    for event in again:
        assert occurred(event) - occurred(doubts[event.command]) >= SETTLE_WINDOW

    reviews = [event for event in events if event.kind == "needs_review"]
    assert {event.reason["code"] for event in reviews} == {"absent"}
    assert {event.body["certainty"] for event in reviews} == {"in_doubt"}


def occurred(event):
    return datetime.fromisoformat(event.body["occurred_at"])
