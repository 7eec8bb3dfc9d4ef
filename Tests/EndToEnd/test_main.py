"""The main job: two thousand commands, a provider that fails, a stop and a start in between."""

from books import await_endings, judge
from commands import check, mixed
from waiting import until

# One request in ten goes wrong, in every way at once.
FAULTS = [
    {"fault": "429", "rate": 0.02},
    {"fault": "500", "rate": 0.015},
    {"fault": "503", "rate": 0.01},
    {"fault": "timeout-after", "rate": 0.01},
    {"fault": "timeout-before", "rate": 0.01},
    {"fault": "reset-before", "rate": 0.01},
    {"fault": "reset-after", "rate": 0.01},
    {"fault": "malformed-json", "rate": 0.015},
    {"fault": "401", "rate": 0.002, "times": 2},
]
DRAIN_TIMEOUT = 20


def test_every_command_ends_once_through_faults_and_a_restart(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "4", "--latency-ms", "50")
    sandbox.break_with(*FAULTS)
    orders = mixed(1800)
    commands = orders + [check(order) for order in orders[:200]]
    sandbox.cluster.send(commands)

    first = start_worker(sandbox)
    until(lambda: sandbox.executed >= 700, 60, lambda: f"700 executed: {sandbox.totals}")
    assert first.stop(within=DRAIN_TIMEOUT + 5) == 0
    executed = sandbox.executed
    assert executed < 1500, "the stop must come in the middle"

    start_worker(sandbox)
    until(lambda: sandbox.executed >= 1650, 60, lambda: f"1650 executed: {sandbox.totals}")
    # The provider recovers: what is still in doubt now comes to its end.
    sandbox.break_with()
    await_endings(sandbox.cluster, commands, within=90)
    counts = judge(sandbox, commands)
    print(f"{executed} executed before the stop, {sandbox.executed} in all; {dict(counts)}")
    assert counts["payment created"] == 900
    assert counts["payment checked"] + counts["payout checked"] == 200
    # What may have been sent, and was not, waits for a person: it is never sent again.
    assert counts["payout requested"] + counts["payout needs_review"] == 900
    assert counts["payout needs_review"] == 900 - sandbox.totals["payouts"]
