"""Measures the worker: see bench.sh. Everything runs on this machine, on loopback addresses."""

import argparse
import contextlib
import os
import re
import signal
import statistics
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

COMMANDS, EVENTS = "aspayds.payout.commands", "aspayds.payout.events"
TICKS = os.sysconf("SC_CLK_TCK")
# What the provider takes, in milliseconds, and how much is in flight.
WORKLOADS = (0, 256), (200, 1024)


class Process:
    """A child whose CPU time and memory can be read while it lives."""

    def __init__(self, command, env, log):
        self.log = open(log, "wb")
        self.child = subprocess.Popen(command, env={**os.environ, **env}, stdout=self.log, stderr=self.log)

    def cpu(self):
        """CPU seconds so far, those of the kernel included."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return sum(map(int, fields[11:13])) / TICKS

    def memory(self, field="VmHWM"):
        """Resident megabytes: the most so far, or (VmRSS) at present."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(status.partition(field + ":")[2].split()[0]) / 1024

    def end(self):
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(30)
        except subprocess.TimeoutExpired:
            self.child.kill()
        self.log.close()


class Stack(contextlib.ExitStack):
    """An embedded Kafka, a provider with a latency, and a worker, fresh for every measurement."""

    def __init__(self, binaries, latency_ms, in_flight):
        super().__init__()
        self.binaries, self.latency_ms, self.in_flight = binaries, latency_ms, in_flight
        self.health_port = 20000 + os.getpid() % 10000

    def __enter__(self):
        self.folder = Path(self.enter_context(tempfile.TemporaryDirectory()))
        env_file = self.folder / "env"
        self.start("sandbox", ["aspayds-sandbox", "--api-port", "0", "--env-file", env_file, "--quiet",
                               "--partitions", "12", "--latency-ms", str(self.latency_ms)], {})
        until(env_file.exists)
        lines = [line.removeprefix("export ").strip() for line in env_file.read_text().splitlines()]
        self.env = dict(line.split("=", 1) for line in lines if "=" in line)
        self.brokers = self.env["KAFKA_BOOTSTRAP_SERVERS"]
        return self

    def start(self, name, command, env):
        process = Process([self.binaries / command[0], *command[1:]], env, self.folder / f"{name}.log")
        self.callback(process.end)
        setattr(self, name, process)
        return process

    def start_worker(self, **settings):
        return self.start("worker", ["aspayds-worker", "run"], self.env | settings | {
            "ASPAYDS_ROLES": "payouts", "ASPAYDS_RATE_SHARE_PAYOUTS": "1", "ASPAYDS_RATE_LIMIT": "1000000",
            "ASPAYDS_MAX_IN_FLIGHT": str(self.in_flight), "ASPAYDS_LOG_LEVEL": "warning",
            "ASPAYDS_HEALTH_PORT": str(self.health_port)})

    def metric(self, name, label):
        """What the worker shows to monitoring."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return float(next(line for line in lines if line.startswith(name + "{") and label in line).split()[-1])

    def produce(self, numbers, rate=None, start=None):
        """Sends payout commands, all at once or at a rate; each at its time, whatever the worker does."""
        producer = Producer({"bootstrap.servers": self.brokers, "linger.ms": 2, "partitioner": "murmur2_random",
                             "queue.buffering.max.messages": 1_000_000})
        for n, i in enumerate(numbers):
            if rate and (wait := start + n / rate - time.monotonic()) > 0:
                time.sleep(wait)
            reference = f"B{i:08d}"
            producer.produce(COMMANDS, key=reference, value=(
                f'{{"transaction_reference":"{reference}","payout_method_id":1,"amount":500,'
                f'"recipient_name":"Rahim Uddin","recipient_account":"01712345678"}}'))
            producer.poll(0)
        producer.flush(30)

    def collect(self, count, marks=None, seconds=120):
        """The times at which the first event of each of so many commands arrives, by number."""
        consumer = Consumer({"bootstrap.servers": self.brokers, "group.id": "bench", "fetch.wait.max.ms": 5,
                             "enable.auto.commit": False, "auto.offset.reset": "earliest"})
        topic = consumer.list_topics(EVENTS).topics[EVENTS]
        consumer.assign([TopicPartition(EVENTS, p, OFFSET_BEGINNING) for p in topic.partitions])
        times, end = {}, time.monotonic() + seconds
        while len(times) < count and time.monotonic() < end:
            record = consumer.poll(0.2)
            # The list of payout methods is told without a key.
            if record is None or record.error() or record.key() is None:
                continue
            times.setdefault(int(record.key()[1:]), time.monotonic())
            if marks and len(times) in marks:
                marks.pop(len(times))()
        consumer.close()
        if len(times) < count:
            raise SystemExit(f"only {len(times)} of {count} commands ended: {(self.folder / 'worker.log').read_text()[-2000:]}")
        return times


def until(check, seconds=30):
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            raise SystemExit("a process did not start")
        time.sleep(0.02)


def throughput(binaries, latency_ms, in_flight, count):
    """Commands a second and CPU between 10 % and 90 % of the events; the most memory."""
    with Stack(binaries, latency_ms, in_flight) as stack:
        stack.produce(range(count))
        worker, marks = stack.start_worker(), {}
        seen = {}
        for part in (0.1, 0.9):
            marks[int(count * part)] = lambda part=part: seen.update({part: (time.monotonic(), worker.cpu(), stack.sandbox.cpu())})
        stack.collect(count, marks)
        (t0, c0, s0), (t1, c1, s1) = seen[0.1], seen[0.9]
        return {"rate": count * 0.8 / (t1 - t0), "cpu": (c1 - c0) / (count * 0.8) * 1000,
                "cores": (c1 - c0) / (t1 - t0), "others": (s1 - s0) / (t1 - t0), "memory": worker.memory()}


def http_alone(binaries, latency_ms, in_flight, seconds=5):
    """Payouts a second that the provider takes from a client that does nothing else."""
    with Stack(binaries, latency_ms, in_flight) as stack:
        done = subprocess.run(
            ["wrk", "-t1", f"-c{in_flight}", f"-d{seconds}", "-s", Path(__file__).with_name("bench.lua"), stack.env["ASPAYDS_BASE_URL"]],
            env={**os.environ, **stack.env}, capture_output=True, text=True, check=True)
        if "Non-2xx" in done.stdout:
            raise SystemExit(f"the provider does not take what wrk sends:\n{done.stdout}")
        return float(re.search(r"Requests/sec: +([\d.]+)", done.stdout).group(1))


def kafka_alone(binaries, count):
    """Commands a second that are read and answered without anything in between."""
    with Stack(binaries, 0, 1) as stack:
        stack.produce(range(count))
        consumer = Consumer({"bootstrap.servers": stack.brokers, "group.id": "bench", "fetch.wait.max.ms": 5})
        topic = consumer.list_topics(COMMANDS).topics[COMMANDS]
        consumer.assign([TopicPartition(COMMANDS, p, OFFSET_BEGINNING) for p in topic.partitions])
        producer = Producer({"bootstrap.servers": stack.brokers, "log_level": 3, "linger.ms": 2, "enable.idempotence": True,
                             "queue.buffering.max.messages": 1_000_000})
        done, start = 0, None
        while done < count:
            records = consumer.consume(1000, 0.2)
            start = start or time.monotonic()
            for record in records:
                producer.produce(EVENTS, key=record.key(), value=record.value())
            producer.poll(0)
            done += len(records)
        producer.flush(30)
        consumer.close()
        return count / (time.monotonic() - start)


def latency(binaries, latency_ms, rate, seconds):
    """Milliseconds from a command's intended time to its event, less what the provider takes."""
    with Stack(binaries, latency_ms, 256) as stack:
        stack.start_worker()
        warm_up = range(10_000_000, 10_000_100)
        stack.produce(warm_up)
        stack.collect(len(warm_up))
        count, start = rate * seconds, time.monotonic() + 1
        sender = threading.Thread(target=stack.produce, args=(range(count), rate, start))
        sender.start()
        times = stack.collect(len(warm_up) + count)
        sender.join()
        added = sorted((at - start - i / rate) * 1000 - latency_ms for i, at in times.items() if i < count)
        fence = [stack.metric("aspayds_commit_duration_seconds", f'quantile="{q}"') * 1000 for q in (0.5, 0.99)]
        return {"p50": statistics.median(added), "p99": added[int(len(added) * 0.99)], "fence": fence}


def idle(binaries, seconds=10):
    """The part of a core that a worker takes that has nothing to do, and its memory.

    With the fetch wait of a real deployment: the embedded Kafka is asked every 10 ms otherwise.
    """
    with Stack(binaries, 0, 64) as stack:
        worker = stack.start_worker(KAFKA_FETCH_WAIT_MAX_MS="500")
        time.sleep(8)
        before = worker.cpu()
        time.sleep(seconds)
        return {"cpu": (worker.cpu() - before) / seconds * 100, "memory": worker.memory("VmRSS")}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, required=True, help="where the built programs are")
    parser.add_argument("--commands", type=int, default=20_000)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, {options.commands:,} commands, 12 partitions; Kafka and provider in one other process\n")
    print("| | commands/s | CPU s per 1,000 | cores | cores of the other process | resident, MB |")
    print("|---|---:|---:|---:|---:|---:|")
    for latency_ms, in_flight in WORKLOADS:
        r = throughput(options.bin, latency_ms, in_flight, options.commands)
        print(f"| provider {latency_ms} ms, {in_flight} in flight | {r['rate']:,.0f} | {r['cpu']:.3f} | {r['cores']:.2f} "
              f"| {r['others']:.2f} | {r['memory']:.0f} |", flush=True)
    for latency_ms, in_flight in WORKLOADS:
        rate = http_alone(options.bin, latency_ms, in_flight)
        print(f"| ceiling: HTTP alone, {latency_ms} ms, {in_flight} connections (wrk) | {rate:,.0f} | | | | |", flush=True)
    rate = kafka_alone(options.bin, options.commands)
    print(f"| ceiling: Kafka alone, read and answered | {rate:,.0f} | | | | |", flush=True)
    r = latency(options.bin, 20, 500, 10)
    print(f"\nadded to a command at 500/s, provider 20 ms: p50 {r['p50']:.1f} ms, p99 {r['p99']:.1f} ms")
    print("of that, the fence (an offset commit and its answer): p50 {:.1f} ms, p99 {:.1f} ms".format(*r["fence"]))
    r = idle(options.bin)
    print(f"idle: {r['cpu']:.2f} % of a core over 10 s, {r['memory']:.0f} MB resident")


if __name__ == "__main__":
    main()
