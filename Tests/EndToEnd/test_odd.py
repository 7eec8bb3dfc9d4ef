"""What no provider should answer: a state that nobody documented, one that goes back, less money."""

import json

from commands import check, payment, payout
from processes import run
from stories import await_notifications, stories
from waiting import until

WHO = "--by", "amina", "--why", "the customer has sent the rest", "--yes"


def story(cluster, reference):
    """What became of a reference, without the answers to questions about it."""
    return [kind for kind in stories(cluster).get(reference, []) if kind != "checked"]


def told(cluster, reference, *kinds):
    until(lambda: story(cluster, reference) == list(kinds), 60, lambda: story(cluster, reference))


def ask(cluster, order):
    """A question about an order, until it is answered: by then what it has hurried is known, too."""
    asked = check(order)
    cluster.send([asked])
    answered = lambda: [e for e in cluster.events() if e.kind == "checked" and e.command == asked.id]
    return until(answered, 60, "the check is answered")[0].body["status"]


def looked_at(sandbox, cluster, order, status):
    """The provider has said so, to a question and to a poll after it."""
    polls = lambda: sum(
        sum(counts.values())
        for name, counts in sandbox.order("GET", "requests")["by_endpoint"].items()
        if name.endswith("/batch/status")
    )
    before = polls()
    assert ask(cluster, order) == status
    until(lambda: polls() > before, 90, "it is polled")


def accepted(start_sandbox, start_worker, order, **settings):
    sandbox = start_sandbox("--partitions", "1")
    start_worker(sandbox, **settings)
    sandbox.cluster.send([order])
    told(sandbox.cluster, order.reference, "requested" if order.domain == "payout" else "created")
    return sandbox, sandbox.cluster


def test_a_state_that_nobody_documented_is_said_once(start_sandbox, start_worker):
    order = payout("ODD-1")
    sandbox, cluster = accepted(start_sandbox, start_worker, order, ASPAYDS_ROLES="payouts")
    sandbox.order("POST", "payouts/ODD-1/process")
    told(cluster, "ODD-1", "requested", "processing")
    sandbox.order("POST", "payouts/ODD-1/hold")
    told(cluster, "ODD-1", "requested", "processing", "status_changed")
    (changed,) = [event for event in cluster.events() if event.kind == "status_changed"]
    assert changed.body["status"] == "on_hold" and changed.body["certainty"] == "accepted"
    for step, status in (("process", "processing"), ("hold", "on_hold")):
        sandbox.order("POST", f"payouts/ODD-1/{step}")
        looked_at(sandbox, cluster, order, status)
    sandbox.order("POST", "payouts/ODD-1/complete")
    told(cluster, "ODD-1", "requested", "processing", "status_changed", "completed")
    sequences = [e.body["sequence"] for e in cluster.events() if "sequence" in e.body]
    assert sequences == [1, 2, 3, 4]
    await_notifications(
        cluster, {("ODD-1", "payout.processing"): 1, ("ODD-1", "payout.completed"): 1}
    )


def test_a_state_that_goes_back_is_not_said(start_sandbox, start_worker):
    order = payout("BACK-1")
    sandbox, cluster = accepted(start_sandbox, start_worker, order, ASPAYDS_ROLES="payouts")
    sandbox.order("POST", "payouts/BACK-1/process")
    told(cluster, "BACK-1", "requested", "processing")
    for step, status in (("revert", "pending"), ("process", "processing")):
        sandbox.order("POST", f"payouts/BACK-1/{step}")
        looked_at(sandbox, cluster, order, status)
    sandbox.order("POST", "payouts/BACK-1/reject")
    told(cluster, "BACK-1", "requested", "processing", "rejected")
    sequences = [e.body["sequence"] for e in cluster.events() if "sequence" in e.body]
    assert sequences == [1, 2, 3]


def test_less_money_than_asked_for_is_for_a_person_once(start_sandbox, start_worker):
    order = payment("LESS-1", amount=100)
    sandbox, cluster = accepted(start_sandbox, start_worker, order, ASPAYDS_ROLES="payments")
    sandbox.order("POST", "payments/LESS-1/underpay")
    told(cluster, "LESS-1", "created", "needs_review")
    (review,) = [event for event in cluster.events() if event.kind == "needs_review"]
    assert review.body["certainty"] == "accepted"
    assert (review.reason["code"], review.reason["field"]) == ("mismatch", "amount_paid")
    # Who knows the callback address can ask for a look as often as he likes.
    looked_at(sandbox, cluster, order, "paid")

    close = ("aspayds-worker", "review", "close", "LESS-1", "--done", *WHO)
    ended = run(*close, environment=sandbox.environment, within=60)
    assert ended.returncode == 0 and "it counts as completed" in ended.stdout, ended.stderr
    told(cluster, "LESS-1", "created", "needs_review", "paid")
    looked_at(sandbox, cluster, order, "paid")
    assert story(cluster, "LESS-1") == ["created", "needs_review", "paid"]
    records = [json.loads(record.value) for record in cluster.records("payment.ledger")]
    assert [r["state"] for r in records if r.get("state") == "disputed"] == ["disputed"] * 2
    # A person has said that it is paid; the provider has not.
    assert cluster.records("notifications") == []
