"""Webhooks that are lost, late, doubled, out of order, false: the same truth comes of all of them."""

import json
import time

from callbacks import ask, callback, port_of, receiver, webhook, without_address
from commands import payment, payout
from stories import ends, nothing_said_twice, stories
from waiting import until

FATES = "PLAIN", "SBX-SILENT", "SBX-LATE", "SBX-TWICE", "SBX-SHUFFLE", "SBX-FORGED"
SCHEDULE = "--process-after-ms", "1500", "--complete-after-ms", "5000"
# What became of the webhooks, by what was done to them on purpose.
DELIVERED = {None: {"delivered"}, "never": {"withheld"}} | {
    fault: {"delivered"} for fault in ("late", "twice", "reordered", "forged")
}


def test_whatever_becomes_of_a_webhook_the_state_is_right(start_sandbox, start_worker):
    sandbox, settings = start_sandbox("--partitions", "2", *SCHEDULE), receiver()
    cluster = sandbox.cluster
    start_worker(sandbox, **settings).await_ready()
    payments = [without_address(payment(f"{fate}-P")) for fate in FATES]
    payouts = [payout(f"{fate}-W") for fate in FATES] + [payout("SBX-REJECT-W")]
    cluster.send(payments + payouts)
    until(lambda: len(ends(cluster)) == len(payments + payouts), 60, lambda: ends(cluster))
    for order in payments:
        sandbox.order("POST", f"payments/{order.reference}/pay")
    expected = {order.reference: "paid" for order in payments}
    expected |= {order.reference: "completed" for order in payouts}
    expected["SBX-REJECT-W"] = "rejected"
    until(lambda: ends(cluster) == expected, 90, lambda: ends(cluster))

    until(lambda: delivered(sandbox) == DELIVERED, 60, lambda: delivered(sandbox))
    contradict(sandbox, port_of(settings), payouts, payments)
    assert ends(cluster) == expected
    nothing_said_twice(cluster)
    # That it was being processed may be missed, and is never said afterwards.
    later = ["requested", "processing", "completed"], ["requested", "completed"]
    told = stories(cluster)
    assert all(told[f"{fate}-W"] in later for fate in FATES), told
    # The customer's return comes last here, and says cancel.
    for order in payments:
        assert told[order.reference] == ["created", "paid", "returned"]
    assert later[0] in told.values()
    triggers = {e.body["trigger"] for e in cluster.events() if e.reference == "SBX-SILENT-W"}
    assert triggers <= {"command", "poll"}


def delivered(sandbox):
    """What became of the webhooks, by fault."""
    found = {}
    for hook in sandbox.order("GET", "webhooks")["webhooks"]:
        found.setdefault(hook["fault"], set()).add(hook["state"])
    return found


def contradict(sandbox, port, payouts, payments):
    """Says of each what is not true, and waits until the provider was asked about it."""
    asked = polls(sandbox)
    for event in ("rejected", "cancelled", "processing"):
        for order in payouts:
            body = json.dumps(webhook(order.reference, f"payout.{event}"))
            address = callback(order.reference, domain="payout")
            assert ask(port, "POST", address, body)[0] == 200
    for order in payments:
        address = callback(order.reference) + "?status=cancel"
        assert ask(port, "GET", address)[0] == 303
    for domain in ("payment", "payout"):
        until(lambda: not sandbox.cluster.uncommitted(domain), 30, f"the {domain} hints are read")
    until(
        lambda: all(now > before for now, before in zip(polls(sandbox), asked)),
        60,
        lambda: f"the provider is asked again: {polls(sandbox)} after {asked}",
    )
    until(lambda: is_quiet(sandbox), 60, "nothing is asked for any more")


def is_quiet(sandbox, seconds=3):
    """Whether the provider is asked nothing for so long."""
    before = polls(sandbox)
    time.sleep(seconds)
    return polls(sandbox) == before


def polls(sandbox):
    """How often the provider was asked for many payments, and for many payouts."""
    counts = sandbox.order("GET", "requests")["by_endpoint"]
    return [sum(counts.get(f"POST /{d}/batch/status", {}).values()) for d in ("payment", "payout")]
