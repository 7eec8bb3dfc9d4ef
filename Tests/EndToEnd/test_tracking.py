"""What the provider has accepted is followed until its end, with webhooks and without."""

import json

from commands import payment, payout
from waiting import until


def kinds(cluster):
    """The events of each reference, in order."""
    said = {}
    for event in cluster.events():
        said.setdefault(event.reference, []).append(event.kind)
    return said


def test_without_any_webhook_everything_reaches_its_end(start_sandbox, start_worker):
    sandbox = start_sandbox(
        *("--partitions", "2", "--process-after-ms", "6000", "--complete-after-ms", "8000")
    )
    commands = [payout("PLAIN"), payout("SBX-REJECT-1"), payout("SBX-CANCEL-1"), payment("PAID")]
    sandbox.cluster.send(commands)
    start_worker(sandbox, ASPAYDS_ROLES="payments,payouts")
    until(lambda: "created" in kinds(sandbox.cluster).get("PAID", []), 30, "the invoice is created")
    sandbox.order("POST", "payments/PAID/pay")
    expected = {"PLAIN": "completed", "SBX-REJECT-1": "rejected"}
    expected |= {"SBX-CANCEL-1": "cancelled", "PAID": "paid"}
    until(
        lambda: {name: said[-1] for name, said in kinds(sandbox.cluster).items()} == expected,
        90,
        "everything reaches its end",
    )
    events = sandbox.cluster.events()
    for reference in expected:
        numbers = [e.body["sequence"] for e in events if e.reference == reference]
        assert numbers == sorted(numbers)
    ends = [event for event in events if event.kind in expected.values()]
    assert {event.body["trigger"] for event in ends} == {"poll"}
    assert len({event.id for event in ends}) == len(ends) == 4
    names = sorted(
        json.loads(record.value)["event"] for record in sandbox.cluster.records("notifications")
    )
    names = [name for name in names if name != "payout.processing"]
    assert names == ["payment.completed", "payout.cancelled", "payout.completed", "payout.rejected"]
