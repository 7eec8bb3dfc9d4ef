"""Replicas share one limit: together they never send more, and leave little of it unused.

The provider's own log is the judge: when each request arrived. A busy machine makes that a lottery: how
much has to be used is asked strictly only where ASPAYDS_SHARE_SECONDS is set, and what was on its way
while the provider stood still may arrive together.
"""

import itertools
import json
import os
import threading
import time

import pytest

from commands import payment
from homes import references
from waiting import until

PARTITIONS = 12
LIMIT = 100
# For so long the use is measured.
SECONDS = float(os.environ.get("ASPAYDS_SHARE_SECONDS", 15))
# The parts of the limit that must be used: where all have work, and where some have. Without lending, one
# of four could use a quarter, and two of them half.
EVEN, UNEVEN = (0.98, 0.9) if "ASPAYDS_SHARE_SECONDS" in os.environ else (0.8, 0.6)
SETTINGS = {
    "ASPAYDS_ROLES": "payments",
    # All of the limit is the payments'.
    "ASPAYDS_RATE_SHARE_PAYOUTS": "0",
    "ASPAYDS_RATE_LIMIT": str(LIMIT),
    "ASPAYDS_HEARTBEAT": "1s",
}
# Loans are asked for, made and renewed within a few heartbeats.
SETTLED = 8.0


class Team:
    """Replicas of one group, and the provider that they share."""

    def __init__(self, provider, start):
        self.provider, self.cluster, self.start = provider, provider.cluster, start
        self.replicas = [start() for _ in range(4)]
        self.sent = itertools.count()
        self.longest_wait = 0.0
        self.await_balance()
        threading.Thread(target=self._watch_provider, daemon=True).start()

    def _watch_provider(self):
        """Notes for how long the provider has stood still, until it ends."""
        try:
            while True:
                start = time.monotonic()
                self.provider.order("GET", "requests")
                self.longest_wait = max(self.longest_wait, time.monotonic() - start)
                time.sleep(0.02)
        except OSError:
            pass

    def await_balance(self):
        """Waits until every partition has an owner, and every replica some partitions."""
        running = [replica for replica in self.replicas if replica.is_running]

        def is_balanced():
            owned = [replica.owns("payment") for replica in running]
            return all(owned) and sorted(itertools.chain(*owned)) == list(range(PARTITIONS))

        until(is_balanced, 90, lambda: [replica.owns("payment") for replica in running])
        for replica in running:
            replica.await_ready()

    def send(self, seconds, partitions=range(PARTITIONS)):
        """Commands for so long at the full limit, all of them in these partitions."""
        names = references(f"S{next(self.sent)}", PARTITIONS, of=set(partitions))
        count = int(seconds * LIMIT)
        self.cluster.send([payment(name) for name in itertools.islice(names, count)])

    @property
    def times(self):
        """When each request arrived, in seconds since 1970."""
        answer = self.provider.order("GET", "requests/times")
        return [time / 1000 for time in answer["times_ms"]]

    def measure(self, what, seconds=SECONDS):
        """The part of the limit that is used from now on, for so long."""
        start = time.time()
        until(lambda: time.time() > start + seconds, seconds + 5, "time passes")
        used = sum(start < at <= start + seconds for at in self.times) / (LIMIT * seconds)
        print(f"{what}: {used:.1%} of the limit used in {seconds:.0f} s")
        for line in self.heartbeats():
            print(line)
        return used

    def heartbeats(self):
        """What each replica has told last of its part, for whoever wonders."""
        last = {}
        for record in self.cluster.records("worker.status"):
            if record.header("ce_type") == "aspayds.worker.heartbeat":
                last[record.key] = json.loads(record.value).get("payments", {})
        names = ("rate_limit", "rate_used", "lag", "waiting", "in_flight", "rate_share")
        return [f"  {[figures.get(name) for name in names]}" for figures in last.values()]

    def judge(self):
        """Nowhere did more than the limit and a tenth arrive within a second."""
        times = self.times
        busiest = max(
            sum(1 for _ in itertools.takewhile(lambda at: at < first + 1, times[place:]))
            for place, first in enumerate(times)
        )
        wait = self.longest_wait
        print(f"{len(times)} requests, {busiest} in the busiest second; the provider stood still for {wait:.3f} s")
        assert busiest <= LIMIT * (1.1 + wait)


@pytest.fixture
def team(start_sandbox, start_worker):
    provider = start_sandbox("--partitions", str(PARTITIONS), "--latency-ms", "20")
    environment = provider.environment | SETTINGS
    return Team(provider, lambda: start_worker(**environment))


def test_even_load_uses_the_limit(team):
    team.send(SECONDS + 2 * SETTLED)
    until(lambda: len(team.times) > LIMIT, 30, "work has begun")
    assert team.measure("even load") >= EVEN
    team.judge()


@pytest.mark.parametrize("hot", [1, 2])
def test_what_some_do_not_need_others_use(team, hot):
    owned = [replica.owns("payment") for replica in team.replicas[:hot]]
    team.send(SECONDS + 2 * SETTLED, set().union(*owned))
    until(lambda: len(team.times) > LIMIT * SETTLED * 0.8, 60, lambda: len(team.times))
    assert team.measure(f"{hot} of 4 busy") >= UNEVEN
    team.judge()


def test_the_limit_holds_when_replicas_die_and_come(team):
    team.send(SECONDS + 60, team.replicas[0].owns("payment"))
    until(lambda: len(team.times) > LIMIT * SETTLED * 0.8, 60, lambda: len(team.times))
    # One that has lent its part is no more; its loans run out, and the others share what it had.
    team.replicas[1].kill()
    team.await_balance()
    team.measure("after a death", SETTLED)
    team.replicas.append(team.start())
    team.await_balance()
    team.measure("after a birth", SETTLED)
    assert team.measure("3 of 4 still there, and one more") >= UNEVEN
    team.judge()
