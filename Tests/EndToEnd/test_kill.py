"""Workers that are killed and frozen at random, again and again, while everything else fails too.

Each run rolls its own dice and prints the seed. Processes and Kafka are not part of the seed: it
repeats the orders, the faults and the hits, not every interleaving.

Not on the embedded Kafka: it gives a new member of a group the name of one that it has forgotten,
and dies when that one wakes up.
"""

import os
import random
import time
from collections import Counter

import pytest

from audits import assert_right, sums_accepted, sums_executed
from books import await_endings, judge
from commands import check, payment, payout
from tansu import Tansu

COMMANDS = int(os.environ.get("ASPAYDS_KILL_COMMANDS", 5000))
HITS = int(os.environ.get("ASPAYDS_KILL_HITS", 60))
SEED = int(os.environ.get("ASPAYDS_KILL_SEED", random.SystemRandom().randrange(1 << 32)))

WORKERS = 3
PARTITIONS = 12
# Seconds between two hits, at most: on average half of it.
PAUSE = 6.0
# A hit freezes for less than this or for more; only after more the group goes on without it.
SESSION = 4.0
TIMES = {
    "KAFKA_SESSION_TIMEOUT_MS": str(int(SESSION * 1000)),
    "KAFKA_HEARTBEAT_INTERVAL_MS": "300",
    "ASPAYDS_REQUEST_TIMEOUT": "2s",
    # What is late arrives long before absence is judged: that is what the window is for.
    "ASPAYDS_SETTLE_WINDOW": "6s",
    "ASPAYDS_MAX_IN_FLIGHT": "24",
    # Slow enough that there is work under way whenever one is hit.
    "ASPAYDS_RATE_LIMIT": "100",
}
LATENESS = 2.5, 4.5
LATE_SHARE = 0.01

FAULTS = [
    {"fault": "429", "rate": 0.01},
    {"fault": "500", "rate": 0.01},
    {"fault": "500-after", "rate": 0.01},
    {"fault": "503", "rate": 0.005},
    {"fault": "timeout-after", "rate": 0.01},
    {"fault": "timeout-before", "rate": 0.005},
    {"fault": "reset-before", "rate": 0.01},
    {"fault": "reset-after", "rate": 0.01},
    {"fault": "malformed-json", "rate": 0.01},
]
# References that decide their fate; a payment that can never arrive would be sent again for ever.
FATES = {
    "payment": ["429", "500X", "RESET", "TIMEOUT", "GARBLED", "REFUSE"],
    "payout": ["429", "500X", "RESET", "TIMEOUT", "GARBLED", "REFUSE", "LOST", "DROP"],
}
FATED_SHARE = 0.02
CHECKED_SHARE = 0.05


def orders(dice):
    """Endless payments and payouts, some under a fateful reference, some with a question after."""
    number = 0
    while True:
        number += 1
        make = dice.choice([payment, payout])
        prefix = "K"
        if dice.random() < FATED_SHARE:
            prefix = f"SBX-{dice.choice(FATES[make.__name__])}"
        order = make(f"{prefix}-{number}", amount=dice.randint(100, 20_000))
        yield order
        if dice.random() < CHECKED_SHARE:
            yield check(order)


class Team:
    """Workers that are hit; each comes back."""

    def __init__(self, start, dice):
        self.start, self.dice = start, dice
        self.workers = [start() for _ in range(WORKERS)]
        self.frozen = {}
        self.hits = Counter()

    def hit(self):
        """Kills one and starts another, or freezes one for a while."""
        self.thaw_due()
        awake = [worker for worker in self.workers if worker not in self.frozen]
        if not awake:
            return
        worker = self.dice.choice(awake)
        assert worker.is_running, worker.output[-3000:]
        kind = self.dice.choices(["killed", "frozen shortly", "frozen for long"], [5, 2, 3])[0]
        self.hits[kind] += 1
        if kind == "killed":
            worker.kill()
            self.workers[self.workers.index(worker)] = self.start()
            return
        seconds = self.dice.uniform(0.02, 0.6) if "shortly" in kind else self.dice.uniform(1.3, 3)
        worker.freeze()
        self.frozen[worker] = time.monotonic() + seconds * SESSION

    def thaw_due(self, at=None):
        """Wakes those whose time has come."""
        at = at or time.monotonic()
        for worker, until in list(self.frozen.items()):
            if until <= at:
                worker.thaw()
                del self.frozen[worker]

    def pass_time(self, seconds):
        """Lets time pass, and wakes whose time comes."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            self.thaw_due()
            time.sleep(max(0, min([end - now, 0.1])))

    def recover(self):
        """All of them are awake again."""
        self.thaw_due(at=float("inf"))


@pytest.fixture
def dice():
    print(f"\nASPAYDS_KILL_SEED={SEED}")
    return random.Random(SEED)


@pytest.fixture
def broker(programs, tmp_path):
    programs.append(Tansu(tmp_path))
    return programs[-1].create_all(PARTITIONS)


def test_nothing_twice_and_nothing_lost_however_often_workers_die(
    broker, start_sandbox, start_worker, start_road, dice
):
    sandbox = start_sandbox("--no-kafka", "--latency-ms", "500", "--seed", str(SEED))
    cluster = sandbox.cluster = broker.cluster
    road = start_road(sandbox.environment["ASPAYDS_BASE_URL"], LATE_SHARE, LATENESS, SEED)
    sandbox.break_with(*FAULTS)
    environment = broker.environment | TIMES | {"ASPAYDS_BASE_URL": road.url}
    team = Team(lambda: start_worker(**environment), dice)

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
    report(sandbox, commands, counts, team.hits, road.delayed)
    assert_books(broker, sandbox)
    print(f"hit for {hit_for:.0f} s, done after {time.monotonic() - began:.0f} s")
    assert all(worker.is_running for worker in team.workers)
    assert counts.total() == len(commands) == COMMANDS
    executed = sandbox.totals
    assert executed["payments"] == counts["payment created"]
    assert executed["payouts"] == counts["payout requested"]
    assert team.hits.total() >= HITS


def assert_books(broker, sandbox):
    """An audit comes to the same from the topics alone."""
    # Each record of this broker is a batch, so that reading takes its time.
    report = assert_right(broker.environment | TIMES, "--complete", within=300)
    assert sums_accepted(report) == sums_executed(sandbox)


def report(sandbox, commands, counts, hits, late):
    """The numbers, for whoever reads the run."""
    sent = Counter(f"{command.domain} {command.type}" for command in commands)
    events = sandbox.cluster.events()

    def reasons(kind):
        once = {event.id: event.reason["code"] for event in events if event.kind == kind}
        return dict(Counter(once.values()))

    print(f"hits      {dict(hits)}, {hits.total()} in all")
    print(f"commands  {dict(sent)}, {sent.total()} in all")
    print(f"endings   {dict(counts)}, {counts.total()} in all")
    print(f"doubts    {reasons('in_doubt')}; {late} orders arrived late")
    print(f"reviews   {reasons('needs_review')}")
    print(f"executed  {sandbox.totals}")
