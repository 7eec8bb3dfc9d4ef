"""Workers that are killed and frozen at random, again and again, while everything else fails too.

Each run rolls its own dice and prints the seed. Processes and Kafka are not part of the seed: it
repeats the orders, the faults and the hits, not every interleaving.

Not on the embedded Kafka: it gives a new member of a group the name of one that it has forgotten,
and dies when that one wakes up.
"""

import os
import random
import time

import pytest

from books import await_endings, judge
from chaos import FAULTS, LATE_SHARE, LATENESS, TIMES, Team, assert_books, orders, report

COMMANDS = int(os.environ.get("ASPAYDS_KILL_COMMANDS", 5000))
HITS = int(os.environ.get("ASPAYDS_KILL_HITS", 60))
SEED = int(os.environ.get("ASPAYDS_KILL_SEED", random.SystemRandom().randrange(1 << 32)))

WORKERS = 3
PARTITIONS = 12
# Seconds between two hits, at most: on average half of it.
PAUSE = 6.0


@pytest.fixture
def dice():
    print(f"\nASPAYDS_KILL_SEED={SEED}")
    return random.Random(SEED)


def test_nothing_twice_and_nothing_lost_however_often_workers_die(
    start_broker, start_sandbox, start_worker, start_road, dice
):
    broker = start_broker(PARTITIONS)
    sandbox = start_sandbox("--no-kafka", "--latency-ms", "500", "--seed", str(SEED))
    cluster = sandbox.cluster = broker.cluster
    road = start_road(sandbox.environment["ASPAYDS_BASE_URL"], LATE_SHARE, LATENESS, SEED)
    sandbox.break_with(*FAULTS)
    environment = broker.environment | TIMES | {"ASPAYDS_BASE_URL": road.url}
    team = Team(lambda: start_worker(**environment), dice, WORKERS)

    source, commands = orders(dice), []
    began = time.monotonic()
    while (done := team.hits.total()) < HITS or len(commands) < COMMANDS:
        wanted = COMMANDS * min(done + 1, HITS) // HITS
        fresh = [next(source) for _ in range(wanted - len(commands))]
        cluster.send(fresh)
        commands += fresh
        team.pass_time(dice.uniform(0, PAUSE))
        team.hit()
    hit_for = time.monotonic() - began
    team.recover()
    sandbox.break_with()
    await_endings(cluster, commands, within=240)

    counts = judge(sandbox, commands)
    cluster.assert_nothing_deleted()
    report(sandbox, commands, counts, team, road.delayed)
    assert all(worker.is_running for worker in team.workers)
    assert_books(broker, sandbox, team)
    print(f"hit for {hit_for:.0f} s, done after {time.monotonic() - began:.0f} s")
    assert counts.total() == len(commands) == COMMANDS
    executed = sandbox.totals
    assert executed["payments"] == counts["payment created"]
    assert executed["payouts"] == counts["payout requested"]
    assert team.hits.total() >= HITS
