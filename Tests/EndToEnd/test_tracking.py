"""What the provider has accepted is followed until its end, with webhooks and without."""

import pytest

from commands import payment, payout
from outside import SESSION
from stories import ends, nothing_said_twice, notifications
from waiting import until

SETTINGS = {
    "KAFKA_SESSION_TIMEOUT_MS": str(int(SESSION * 1000)),
    "ASPAYDS_ROLES": "payments,payouts",
}


def test_without_any_webhook_everything_reaches_its_end(start_sandbox, start_worker):
    sandbox = start_sandbox(
        *("--partitions", "2", "--process-after-ms", "1000", "--complete-after-ms", "1500")
    )
    commands = [payout("PLAIN"), payout("SBX-REJECT-1"), payout("SBX-CANCEL-1"), payment("PAID")]
    sandbox.cluster.send(commands)
    start_worker(sandbox, ASPAYDS_ROLES="payments,payouts")
    cluster = sandbox.cluster
    until(lambda: "PAID" in ends(cluster), 60, "the invoice is created")
    sandbox.order("POST", "payments/PAID/pay")
    expected = {"PLAIN": "completed", "SBX-REJECT-1": "rejected"}
    expected |= {"SBX-CANCEL-1": "cancelled", "PAID": "paid"}
    until(lambda: ends(cluster) == expected, 90, lambda: ends(cluster))
    nothing_said_twice(cluster)
    last = [event for event in cluster.events() if event.kind in expected.values()]
    assert {event.body["trigger"] for event in last} == {"poll"}
    told = {key for key in notifications(cluster) if key[1] != "payout.processing"}
    assert told == {
        ("PAID", "payment.completed"),
        ("PLAIN", "payout.completed"),
        ("SBX-REJECT-1", "payout.rejected"),
        ("SBX-CANCEL-1", "payout.cancelled"),
    }


def moved(sandbox, orders, *steps):
    """Takes each step with each order at the provider."""
    for step in steps:
        for order in orders:
            sandbox.order("POST", f"{order.domain}s/{order.reference}/{step}")


def stopped(worker, start):
    """SIGTERM, and another comes."""
    assert worker.stop(within=25) == 0
    return start()


def killed(worker, start):
    """SIGKILL, and another comes."""
    worker.kill()
    return start()


def joined(worker, start):
    """Another shares the partitions."""
    another = start()
    until(lambda: another.owns("payout") and another.owns("payment"), 120, "it owns some")
    assert worker.is_running
    return another


@pytest.mark.parametrize("change", [stopped, killed, joined])
def test_another_worker_goes_on_between_two_states(
    start_broker, start_sandbox, start_worker, change
):
    # The embedded Kafka gives a new member its partitions only after several session timeouts.
    broker = start_broker(4)
    sandbox, cluster = start_sandbox("--no-kafka"), broker.cluster
    environment = sandbox.environment | broker.environment | SETTINGS
    start = lambda: start_worker(**environment)
    worker = start()
    payments = [payment(f"GO-P{number}") for number in range(4)]
    payouts = [payout(f"GO-W{number}") for number in range(8)]
    cluster.send(payments + payouts)
    until(lambda: len(ends(cluster)) == len(payments + payouts), 60, lambda: ends(cluster))

    moved(sandbox, payouts[:6], "process")
    moved(sandbox, payments[:1], "cancel")
    # In the middle of saying so.
    until(lambda: "processing" in ends(cluster).values(), 60, lambda: ends(cluster))
    change(worker, start)
    moved(sandbox, payouts[:3], "complete")
    moved(sandbox, payouts[3:6], "reject")
    moved(sandbox, payments[:3], "pay")
    expected = {order.reference: "completed" for order in payouts[:3]}
    expected |= {order.reference: "rejected" for order in payouts[3:6]}
    expected |= {order.reference: "requested" for order in payouts[6:]}
    expected |= {order.reference: "paid" for order in payments[:3]}
    expected |= {order.reference: "created" for order in payments[3:]}
    until(lambda: ends(cluster) == expected, 120, lambda: ends(cluster))
    nothing_said_twice(cluster)
    assert sandbox.totals["repeated"] == 0
