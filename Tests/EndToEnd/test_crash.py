"""SIGKILL, twice: what was under way is found in the ledger, and is not sent a second time."""

from audits import assert_right, sums_accepted, sums_executed
from books import await_endings, judge
from commands import mixed
from waiting import until


def test_nothing_is_lost_or_done_twice_when_the_worker_is_killed(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "4", "--latency-ms", "50")
    commands = mixed(400)
    sandbox.cluster.send(commands)

    # Few at once, so that each kill comes in the middle.
    for executed in (100, 250):
        worker = start_worker(sandbox, ASPAYDS_MAX_IN_FLIGHT="8")
        until(lambda: sandbox.executed >= executed, 60, lambda: f"{executed}: {sandbox.totals}")
        worker.kill()
        assert sandbox.executed < executed + 100

    start_worker(sandbox)
    await_endings(sandbox.cluster, commands, within=90)
    counts = judge(sandbox, commands)
    doubts = {e.command for e in sandbox.cluster.events() if e.kind == "in_doubt"}
    print(f"{dict(counts)}; {len(doubts)} were in doubt after a kill")
    assert doubts, "a kill must have interrupted something"
    assert counts["payment created"] == 200
    assert counts["payout requested"] + counts["payout needs_review"] == 200
    report = assert_right(sandbox.environment, "--complete", "--provider", "--rate", "100")
    assert sums_accepted(report) == sums_executed(sandbox)
