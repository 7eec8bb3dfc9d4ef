"""Four replicas under load are replaced one after the other, as a deployment rolls them."""

import datetime
import threading

from audits import assert_right
from books import await_endings, judge
from commands import mixed
from processes import run
from waiting import until

REPLICAS = 4
# Time enough for all of it.
EXPIRES_AFTER = datetime.timedelta(minutes=10)
SETTINGS = {"ASPAYDS_RATE_LIMIT": "200", "ASPAYDS_MAX_IN_FLIGHT": "8"}


def test_rolled_under_load_nothing_is_lost_doubted_expired_or_made_twice(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "8", "--latency-ms", "50")
    workers = [start_worker(sandbox, **SETTINGS) for _ in range(REPLICAS)]
    for worker in workers:
        worker.await_ready(within=90)
    not_after = datetime.datetime.now(datetime.UTC) + EXPIRES_AFTER
    commands = mixed(600, prefix="ROLL", not_after=not_after.isoformat())
    rolled = threading.Event()

    def produce():
        for start in range(0, len(commands), 10):
            sandbox.cluster.send(commands[start : start + 10])
            rolled.wait(0.5)

    producer = threading.Thread(target=produce)
    producer.start()
    try:
        for number in range(REPLICAS):
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
