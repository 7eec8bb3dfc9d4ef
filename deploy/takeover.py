"""Measures takeovers: see takeover.sh. All but a broker of your own runs on this machine."""

import argparse
import contextlib
import os
import signal
import statistics
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Tests/EndToEnd"))

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from bare import properties
from load import Load
from processes import SHORT_TIMES, Program, Sandbox, Worker, run
from tansu import OTHERS, Tansu
from topics import PREFIX
from waiting import until

REPLICAS, PARTITIONS = 4, 12
# What may be beyond bare consumers, in seconds.
MARKS = {"SIGKILL": 2, "SIGTERM": 3}
RESTORE_MARK = 6
# In a ledger that is filled, each payout has an intent, an outcome and its end.
RECORDS_A_PAYOUT = 3


class Stack(contextlib.ExitStack):
    """A broker, the provider, and whatever is started beside them; all of it ends with it."""

    def __init__(self, options):
        super().__init__()
        self.options, self.started = options, 0

    def __enter__(self):
        self.folder = Path(self.enter_context(tempfile.TemporaryDirectory()))
        self.prefix, broker = PREFIX, self.options.broker
        own = ["--partitions", str(PARTITIONS)] if broker == "embedded" else ["--no-kafka"]
        sandbox = self.ended(Sandbox(self.folder, 0, *own, "--latency-ms", str(self.options.latency_ms)))
        self.environment = SHORT_TIMES | sandbox.environment | {
            "KAFKA_SESSION_TIMEOUT_MS": str(self.options.session_timeout * 1000),
            "ASPAYDS_ROLES": "payouts", "ASPAYDS_RATE_LIMIT": "100000", "ASPAYDS_REQUEST_TIMEOUT": "30s"}
        if broker == "tansu":
            self.environment |= self.ended(Tansu(self.folder).create_all(PARTITIONS)).environment
            self.environment |= {name: sandbox.environment[name] for name in ("ASPAYDS_API_KEY", "ASPAYDS_API_SECRET")}
        elif broker != "embedded":
            self.environment |= {name: value for name, value in os.environ.items() if name.startswith("KAFKA_")}
            self.environment |= {"KAFKA_BOOTSTRAP_SERVERS": broker}
            self.create_topics()
        self.environment |= {"ASPAYDS_TOPIC_PREFIX": self.prefix, "ASPAYDS_GROUP_PREFIX": self.prefix}
        self.group = f"{self.prefix}payouts"
        self.commands, self.events, self.ledger = (
            f"{self.prefix}payout.{kind}" for kind in ("commands", "events", "ledger"))
        return self

    def create_topics(self):
        """Topics for this stack alone, on a broker that others use too."""
        self.prefix = f"takeover-{time.time_ns()}."
        admin = AdminClient(self.kafka)
        copies = min(3, len(admin.list_topics(timeout=10).brokers))
        names = ["payout.commands", "payout.events", "payout.ledger", *OTHERS]
        topics = [NewTopic(self.prefix + name, PARTITIONS, copies) for name in names]
        topics.append(NewTopic(f"{self.prefix}worker.control", 1, copies))
        for done in admin.create_topics(topics).values():
            done.result(30)
        self.callback(lambda: [done.result(30) for done in admin.delete_topics([t.topic for t in topics]).values()])

    def ended(self, program):
        self.callback(program.end)
        return program

    @property
    def kafka(self):
        """What a client is told."""
        return properties(self.environment) | {"log_level": 0}

    def start(self, kind):
        self.started += 1
        return self.ended(kind(self))


class WorkerReplica(Worker):
    """A worker, as it is."""

    def __init__(self, stack):
        super().__init__(stack.folder, stack.started, stack.environment)


class BareReplica(Worker):
    """A consumer that does nothing else, in place of a worker."""

    def __init__(self, stack):
        arguments = HERE / "bare.py", stack.commands, stack.events
        log = stack.folder / f"bare-{stack.started}.log"
        Program.__init__(self, sys.executable, arguments, stack.environment, log)


def settle(replicas, load):
    """Waits until the partitions are shared out evenly and commands of each are worked."""
    def shares():
        return [sorted(replica.owns("payout")) for replica in replicas]

    def is_even():
        return sorted(sum(shares(), [])) == list(range(PARTITIONS)) and {len(s) for s in shares()} == {PARTITIONS // REPLICAS}

    until(is_even, 180, lambda: f"all partitions are shared out: {shares()}")
    load.await_work(range(PARTITIONS), time.monotonic(), 60)


def takeovers(options, name, kind):
    """Seconds until the last partition of a replica that ends by this signal is worked again, each time."""
    seconds = []
    with Stack(options) as stack:
        replicas = [stack.start(kind) for _ in range(REPLICAS)]
        with Load(stack, options.rate) as load:
            for number in range(options.repeat):
                settle(replicas, load)
                victim = replicas[number % REPLICAS]
                partitions, moment = victim.owns("payout"), time.monotonic()
                victim.process.send_signal(signal.Signals[name])
                seconds.append(max(load.await_work(partitions, moment, 120).values()))
                victim.process.wait(60)
                replicas[number % REPLICAS] = stack.start(kind)
    return seconds


def measure_takeover(options, name):
    bare, worker = (takeovers(options, name, kind) for kind in (BareReplica, WorkerReplica))
    beyond = statistics.median(worker) - statistics.median(bare)
    print(f"| {name}, session timeout {options.session_timeout} s | {shown(bare)} | {shown(worker)} "
          f"| {beyond:.1f} | {MARKS[name]} | {load_average()} |", flush=True)


def shown(seconds):
    """The median, and the least and the most where there are several."""
    text = f"{statistics.median(seconds):.1f}"
    return text if len(seconds) == 1 else f"{text} ({min(seconds):.1f}–{max(seconds):.1f})"


def load_average():
    return f"{os.getloadavg()[0]:.1f}"


def fill(stack, records):
    """Fills the ledger of the first partition, and gives it as many commands, all of them passed."""
    flags = ["--topic", stack.ledger, "--group", stack.group, "--records", str(records)]
    ended = run("ledger-bench", "fill", *flags, environment=stack.environment, within=600)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    count = records // RECORDS_A_PAYOUT
    producer = Producer(stack.kafka | {"batch.num.messages": 10_000, "queue.buffering.max.messages": 1_000_000})
    for size in (count - 1, 1):  # The last one alone, as in `ledger-bench fill`.
        for _ in range(size):
            producer.produce(stack.commands, "{}", partition=0)
        assert producer.flush(60) == 0
    group = Consumer(stack.kafka | {"group.id": stack.group})
    group.commit(offsets=[TopicPartition(stack.commands, 0, count)], asynchronous=False)
    group.close()


def measure_restore(options):
    """From the assignment until the filled partition is worked, while the others are."""
    with Stack(options) as stack:
        fill(stack, options.records)
        worker = stack.start(WorkerReplica)
        until(lambda: worker.said("assigned"), 120, lambda: worker.output[-2000:])
        assigned = datetime.fromisoformat(worker.said("assigned")[-1]["time"]).timestamp()
        moment = time.monotonic() - (time.time() - assigned)
        # Not before: what had come meanwhile would have to be worked first.
        with Load(stack, options.rate) as load:
            others = load.await_work(range(1, PARTITIONS), moment, 60)
            restored = load.await_work([0], moment, 300)[0]
            slowest = load.slowest(range(1, PARTITIONS), moment + max(others.values()), moment + restored)
        print(f"a ledger of {options.records:,} records: its partition is worked {restored:.1f} s after the assignment "
              f"(mark {RESTORE_MARK}), the others after {max(others.values()):.1f} s; "
              f"their commands meanwhile: the slowest of {slowest[0]} took {slowest[1]:.2f} s; load {load_average()}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measures", nargs="*", default=[*MARKS, "restore"], help="SIGKILL, SIGTERM, restore; all of them")
    parser.add_argument("--broker", default="tansu", help="tansu, embedded, or an address (with KAFKA_… as for a worker)")
    parser.add_argument("--repeat", type=int, default=3, help="how often a replica ends")
    parser.add_argument("--rate", type=float, default=40, help="commands a second")
    parser.add_argument("--latency-ms", type=int, default=50, help="of the provider")
    parser.add_argument("--session-timeout", type=int, default=6, help="in seconds")
    parser.add_argument("--records", type=int, default=1_000_000, help="in the ledger that is restored")
    options = parser.parse_args()
    takeovers = [name for name in options.measures if name in MARKS]
    print(f"{os.cpu_count()} cores; {options.broker}; {REPLICAS} replicas, {PARTITIONS} partitions, "
          f"{options.rate:g} commands/s, provider {options.latency_ms} ms\n")
    if takeovers:
        print("| seconds until its partitions are worked again | bare consumers | workers | beyond | mark | load |")
        print("|---|---:|---:|---:|---:|---:|")
    for name in takeovers:
        measure_takeover(options, name)
    if "restore" in options.measures and options.broker == "embedded":
        print("no restore: the embedded Kafka keeps at most 5 MiB of a partition")
    elif "restore" in options.measures:
        measure_restore(options)


if __name__ == "__main__":
    main()
