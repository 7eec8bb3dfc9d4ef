"""The two built programs as processes: their output kept, each ended by its own id."""

import json
import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import urllib.error
import urllib.request

import secrets_kept
from topics import Cluster
from waiting import until

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARIES = pathlib.Path(os.environ.get("ASPAYDS_BIN", REPOSITORY / ".build/debug"))

# Short times, so that what takes minutes in production takes seconds here.
SHORT_TIMES = {
    "KAFKA_SESSION_TIMEOUT_MS": "6000",
    "KAFKA_HEARTBEAT_INTERVAL_MS": "500",
    "ASPAYDS_REQUEST_TIMEOUT": "2s",
    "ASPAYDS_SETTLE_WINDOW": "3s",
    "ASPAYDS_RATE_LIMIT": "2000",
}

# What a line of a worker's log may say beside what happened.
FIELDS = {
    *("time", "level", "message", "domain", "reference", "partition", "offset", "attempt"),
    *("trace_id", "topic", "partitions", "type", "purpose", "order", "reason", "error", "by"),
    *("why", "count", "read", "of", "end", "repeated", "port", "facility", "text"),
    *("version", "owner", "roles", "proxy"),
}
WHOLE = {"partition", "offset", "attempt", "count", "read", "of", "end", "repeated", "port"}
# No values in it; a status and a partitioner have numbers in their names.
CONSTANT = re.compile(r"([A-Za-z ,;.'-]|503|murmur2)+")


def free_port():
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# What a machine may have set for everyone, and the worker obeys.
NETWORK = {"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"}


def clean_environment(**variables):
    """An environment with nothing of ours in it but `variables`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ASPAYDS_", "KAFKA_")) and name.upper() not in NETWORK
    }
    return kept | variables


def run(program, *arguments, environment=None, stdin=None, within=30):
    """Runs a program to its end, as a person would; answers code, standard output and error."""
    secrets_kept.learn(environment or {})
    ended = subprocess.run(
        [BINARIES / program, *arguments],
        env=clean_environment(**(environment or {})),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=within,
    )
    place = " ".join([program, *arguments[:2]])
    # Whoever asks for a dead letter byte for byte gets its account too.
    secrets_kept.in_text(ended.stdout, "standard output of tools", place, "--raw" not in arguments)
    secrets_kept.in_text(ended.stderr, "standard error of tools", place)
    return ended


def http(method, url, body=None, within=10, headers=None):
    """One request; answers the status and the JSON that came, whatever the status is."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=within) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as answer:
        return answer.code, json.load(answer)


class Program:
    """A program that runs until it is told to end."""

    def __init__(self, name, arguments, environment, log):
        self.name, self.log = name, log
        secrets_kept.learn(environment)
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                [BINARIES / name, *arguments],
                env=clean_environment(**environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @property
    def output(self):
        """Everything that it has printed so far."""
        return self.log.read_text(errors="replace")

    @property
    def is_running(self):
        return self.process.poll() is None

    def stop(self, within):
        """SIGTERM; the exit code, which must come in time."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=within)

    def freeze(self):
        """SIGSTOP: it stands still between two instructions, and its connections stay open."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        """SIGCONT: it goes on as if no time had passed."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        """SIGKILL: it ends between two instructions."""
        self.process.kill()
        self.process.wait()

    def end(self):
        """What happens to every process at the end of its test."""
        if self.is_running:
            self.thaw()
            self.process.terminate()
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.kill()


class Sandbox(Program):
    """The hostile provider, and an embedded Kafka unless told otherwise, or `kafka` in its place."""

    def __init__(self, directory, number, *arguments, port=0, kafka=None):
        env_file = directory / f"sandbox-{number}.env"
        flags = ["--api-port", str(port), "--env-file", str(env_file), *arguments]
        if kafka:
            flags.append("--no-kafka")
        super().__init__("aspayds-sandbox", flags, {}, directory / f"sandbox-{number}.log")
        until(lambda: env_file.exists() or not self.is_running, 20, "the sandbox starts")
        assert self.is_running, self.output
        words = shlex.split(env_file.read_text())
        self.environment = dict(word.split("=", 1) for word in words if "=" in word)
        self.root = self.environment["ASPAYDS_BASE_URL"].removesuffix("/api")
        servers = self.environment.get("KAFKA_BOOTSTRAP_SERVERS")
        self.cluster = Cluster(servers) if servers else None
        if kafka:
            self.environment |= kafka.environment
            self.cluster = kafka.cluster

    @property
    def kafka_alone(self):
        """What of its environment is about Kafka."""
        ours = ("KAFKA_", "ASPAYDS_TOPIC_", "ASPAYDS_GROUP_")
        return {name: value for name, value in self.environment.items() if name.startswith(ours)}

    def order(self, method, path, body=None):
        """An order to the sandbox itself; see `aspayds-sandbox --help`."""
        status, answer = http(method, f"{self.root}/_sandbox/{path}", body)
        assert status == 200, answer
        return answer

    def break_with(self, *rules):
        """Puts fault rules in force in place of those before."""
        self.order("POST", "faults", list(rules))

    @property
    def executions(self):
        """What the provider really did, in order: the judge of every test."""
        return self.order("GET", "executions")["executions"]

    @property
    def totals(self):
        """Counts and sums; `repeated` counts what was executed twice."""
        return self.order("GET", "executions?limit=0")["totals"]

    @property
    def executed(self):
        """How many orders were executed."""
        totals = self.totals
        return totals["payments"] + totals["payouts"]


class Worker(Program):
    """`aspayds-worker run` with short times."""

    def __init__(self, directory, number, environment):
        self.port = free_port()
        health = {"ASPAYDS_HEALTH_PORT": str(self.port)}
        environment = SHORT_TIMES | health | environment
        super().__init__("aspayds-worker", ["run"], environment, directory / f"worker-{number}.log")

    def search_pages(self):
        """Searches what it serves to monitoring for secrets, while it does."""
        for path in ("live", "ready", "metrics"):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=5) as answer:
                    page = answer.read()
            except urllib.error.HTTPError as answer:
                page = answer.read()
            except OSError:
                continue
            secrets_kept.in_bytes(page, "pages for monitoring", f"/{path} of {self.log.name}")

    def health(self, path):
        """Status and answer of `/live` or `/ready`; none while nobody listens."""
        try:
            return http("GET", f"http://127.0.0.1:{self.port}/{path}")
        except (urllib.error.URLError, ConnectionError):
            return None, {}

    @property
    def lines(self):
        """The lines of its log, as objects."""
        return [json.loads(line) for line in self.output.splitlines() if line.startswith("{")]

    def said(self, message):
        """The lines of its log with that message."""
        return [line for line in self.lines if line["message"] == message]

    def judge_lines(self):
        """Each says what happened in constant words, and the rest in fields of known names."""
        for line in self.lines:
            assert list(line)[:3] == ["time", "level", "message"], line
            assert CONSTANT.fullmatch(line["message"]), line
            assert set(line) <= FIELDS, line
            whole = {name: line[name] for name in WHOLE & set(line)}
            assert all(type(value) is int for value in whole.values()), line

    def owns(self, domain):
        """The partitions of a domain that it was assigned last, as its log says."""
        lists = [
            line["partitions"]
            for line in self.said("assigned")
            if line["domain"] == domain
        ]
        return set(lists[-1]) if lists else set()

    def ends_with(self, code, within):
        """Waits until it ends by itself, with that exit code."""
        until(lambda: not self.is_running, within, lambda: f"it ends:\n{self.output[-3000:]}")
        assert self.process.returncode == code, self.output[-3000:]

    @property
    def reasons(self):
        """Why it is not ready; an empty list when it is."""
        return self.health("ready")[1].get("reasons")

    def await_ready(self, within=90):
        """Waits until `/ready` is 200."""
        until(
            lambda: self.health("ready")[0] == 200,
            within,
            lambda: f"ready: {self.health('ready')}\n{self.output[-2000:]}",
        )
        return self

    def await_reason(self, text, within=30):
        """Waits until `/ready` is 503 with a reason that contains the text."""

        def says_so():
            status, answer = self.health("ready")
            return status == 503 and any(text in reason for reason in answer["reasons"])

        until(says_so, within, lambda: f"a reason with {text!r}: {self.health('ready')}")
