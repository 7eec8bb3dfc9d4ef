"""Three replicas under load are replaced one after the other, as a deployment rolls them."""

import threading

from audits import assert_right
from books import await_endings, judge
from commands import mixed
from processes import run
from waiting import until

SETTINGS = {"ASPAYDS_RATE_LIMIT": "200", "ASPAYDS_MAX_IN_FLIGHT": "8"}


def test_rolled_under_load_nothing_is_lost_doubted_or_made_twice(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "6", "--latency-ms", "50")
    workers = [start_worker(sandbox, **SETTINGS) for _ in range(3)]
    for worker in workers:
        worker.await_ready(within=90)
    commands = mixed(600, prefix="ROLL")
    rolled = threading.Event()

    def produce():
        for start in range(0, len(commands), 10):
            sandbox.cluster.send(commands[start : start + 10])
            rolled.wait(0.5)

    producer = threading.Thread(target=produce)
    producer.start()
    try:
        for number in range(3):
            until(lambda: sandbox.executed > 20 * number, 60, lambda: sandbox.totals)
            assert workers[number].stop(within=25) == 0
            workers[number] = start_worker(sandbox, **SETTINGS).await_ready(within=90)
    finally:
        rolled.set()
        producer.join()
    await_endings(sandbox.cluster, commands, within=120)
    assert judge(sandbox, commands) == {"payment created": 300, "payout requested": 300}
    kinds = {event.kind for event in sandbox.cluster.events()}
    assert not kinds & {"in_doubt", "needs_review", "expired"}, kinds
    assert_right(sandbox.environment, "--complete")
    # Nothing needs a person.
    ended = run("aspayds-worker", "status", "--check", environment=sandbox.environment, within=60)
    assert ended.returncode == 0, ended.stdout
