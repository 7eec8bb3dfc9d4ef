"""Orders without end, workers that are hit at random, and a provider that fails in every way."""

import signal
import time
from collections import Counter

from audits import assert_right, sums_accepted, sums_executed
from commands import check, payment, payout
from outside import SESSION

# A hit freezes for less than a session or for more; only after more the group goes on without it.
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


def orders(dice, prepare=lambda order: order):
    """Endless payments and payouts, some under a fateful reference, some with a question after."""
    number = 0
    while True:
        number += 1
        make = dice.choice([payment, payout])
        prefix = "K"
        if dice.random() < FATED_SHARE:
            prefix = f"SBX-{dice.choice(FATES[make.__name__])}"
        order = prepare(make(f"{prefix}-{number}", amount=dice.randint(100, 20_000)))
        yield order
        if dice.random() < CHECKED_SHARE:
            yield check(order)


class Team:
    """Workers that are hit; each comes back."""

    HITS = {"killed": 5, "frozen shortly": 2, "frozen for long": 3}

    def __init__(self, start, dice, size, hits=HITS):
        self.start, self.dice, self.kinds = start, dice, hits
        self.workers = [start() for _ in range(size)]
        self.started = size
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
        kind = self.dice.choices(list(self.kinds), list(self.kinds.values()))[0]
        self.hits[kind] += 1
        if kind == "killed":
            worker.kill()
            self.workers[self.workers.index(worker)] = self.start()
            self.started += 1
            return
        times = (0.02, 0.6) if kind == "frozen shortly" else (1.3, 3)
        worker.freeze()
        self.frozen[worker] = time.monotonic() + self.dice.uniform(*times) * SESSION

    def thaw_due(self, at=None):
        """Wakes those whose time has come."""
        at = at or time.monotonic()
        for worker, due in list(self.frozen.items()):
            if due <= at:
                worker.thaw()
                del self.frozen[worker]

    def pass_time(self, seconds):
        """Lets time pass, and wakes whose time comes."""
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            self.thaw_due()
            time.sleep(max(0, min([end - now, 0.1])))

    def leave(self):
        """All of them are awake, and end as a deployment ends them."""
        self.recover()
        for worker in self.workers:
            worker.process.send_signal(signal.SIGTERM)
        for worker in self.workers:
            worker.process.wait(timeout=60)

    def recover(self):
        """All of them are awake again."""
        self.thaw_due(at=float("inf"))


def report(sandbox, commands, counts, team, late):
    """The numbers, for whoever reads the run."""
    sent = Counter(f"{command.domain} {command.type}" for command in commands)
    events = sandbox.cluster.events()

    def reasons(kind):
        once = {event.id: event.reason["code"] for event in events if event.kind == kind}
        return dict(Counter(once.values()))

    hits = team.hits
    print(f"hits      {dict(hits)}, {hits.total()} in all; {team.started} processes")
    print(f"commands  {dict(sent)}, {sent.total()} in all")
    print(f"endings   {dict(counts)}, {counts.total()} in all")
    print(f"doubts    {reasons('in_doubt')}; {late} orders arrived late")
    print(f"reviews   {reasons('needs_review')}")
    print(f"executed  {sandbox.totals}")


def assert_books(broker, sandbox, *teams):
    """Everybody leaves; an audit comes to the same from the topics alone."""
    # What they follow would be on its way from the ledger to the events all the time.
    for team in teams:
        team.leave()
    # Each record of this broker is a batch, so that reading takes its time.
    report = assert_right(broker.environment | TIMES, "--complete", within=300)
    assert sums_accepted(report) == sums_executed(sandbox)
