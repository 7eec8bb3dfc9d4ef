"""What a person sees of the replicas: `status` once, `top` in a terminal."""

import json
import signal

import pyte
import pytest

from commands import mixed, payout
from books import await_endings
from processes import run
from terminal import Terminal
from waiting import until

BEAT = {"ASPAYDS_HEARTBEAT": "1s"}


def status(sandbox, *words, code=0, **settings):
    """What `status` prints; it ends with the code."""
    ended = run("aspayds-worker", "status", *words, environment=sandbox.environment | settings)
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout


def told(sandbox):
    return json.loads(status(sandbox, "--json"))


def kinds(sandbox):
    return {concern["kind"] for concern in told(sandbox)["needs_person"]}


def names(sandbox, state):
    return {one["worker"] for one in told(sandbox)["replicas"] if one["state"] == state}


@pytest.fixture
def start_terminal(sandbox):
    """Runs a program of ours in a terminal."""
    started = []

    def start(*words, **options):
        started.append(Terminal(*words, environment=sandbox.environment, **options))
        return started[-1]

    yield start
    for terminal in started:
        terminal.close()


@pytest.fixture
def sandbox(start_sandbox):
    return start_sandbox("--partitions", "2")


def test_status_tells_of_two_replicas_and_of_one_that_is_gone(sandbox, start_worker):
    cluster = sandbox.cluster
    workers = [start_worker(sandbox, **BEAT) for _ in range(2)]
    for worker in workers:
        worker.await_ready()
    commands = mixed(20)
    cluster.send(commands)
    await_endings(cluster, commands, within=60)

    def done():
        body = told(sandbox)
        counts = [body.get(domain, {}).get("outcomes", {}) for domain in ("payments", "payouts")]
        return body if (counts[0].get("created"), counts[1].get("requested")) == (10, 10) else None

    body = until(done, 30, lambda: told(sandbox))
    assert (body["alive"], body["needs_person"]) == (2, [])
    for domain, kind in (("payments", "created"), ("payouts", "requested")):
        figures = body[domain]
        assert (figures["replicas"], figures["partition_count"], figures["partitions"]) == (2, 2, [0, 1])
        assert (figures["lag"], figures["tracked"], figures["outcomes"][kind]) == (0, 10, 10)
        assert figures["breaker"] == "closed" and figures["provider_latency_ms"]["p99"] > 0
    replicas = body["replicas"]
    assert [one["state"] for one in replicas] == ["alive", "alive"]
    assert all(one["roles"] == ["payments", "payouts", "webhooks"] for one in replicas)
    assert all(one["host"] and one["version"] and one["started_at"] for one in replicas)
    status(sandbox, "--check")

    workers[0].kill()
    until(lambda: names(sandbox, "silent"), 30, lambda: told(sandbox))
    body = told(sandbox)
    (gone,) = [concern for concern in body["needs_person"] if concern["kind"] == "replica_gone"]
    assert body["alive"] == 1 and {gone["worker"]} == names(sandbox, "silent")
    page = status(sandbox, "--check", code=1)
    assert page.splitlines()[0].startswith("aspayds-worker  1 of 2 replicas alive")
    assert page.splitlines()[1] == "NEEDS A PERSON" and f"{gone['worker']} is gone" in page

    # Whoever starts in its place takes the worry away; so does nobody who is asked to end.
    start_worker(sandbox, **BEAT).await_ready()
    until(lambda: "replica_gone" not in kinds(sandbox), 30, lambda: told(sandbox))
    assert workers[1].stop(within=25) == 0
    until(lambda: len(names(sandbox, "stopped")) == 1, 30, lambda: told(sandbox))
    assert [one.get("reason") for one in told(sandbox)["replicas"]] == [None, None, "asked to"]
    until(lambda: kinds(sandbox) == set(), 60, lambda: told(sandbox))


def test_status_tells_what_needs_a_person(sandbox, start_worker):
    sandbox.break_with({"fault": "timeout-before", "endpoint": "create", "times": 1})
    times = {"ASPAYDS_SETTLE_WINDOW": "1s", "ASPAYDS_REQUEST_TIMEOUT": "1s"}
    start_worker(sandbox, **BEAT, **times).await_ready()
    sandbox.cluster.send([payout("LOST-1")])
    sandbox.cluster.produce("payment.commands", b"no JSON", b"K-1")
    sandbox.cluster.flush()
    until(lambda: kinds(sandbox) == {"in_review", "dead_letters"}, 60, lambda: told(sandbox))
    page = status(sandbox, "--check", code=1)
    assert "payouts: 1 in review" in page and "review list --domain payout" in page
    assert "payments: 1 dead letter," in page
    sandbox.break_with({"fault": "503", "rate": 1})
    sandbox.cluster.send(mixed(30, "DOWN"))
    until(lambda: "breaker_open" in kinds(sandbox), 60, lambda: told(sandbox))
    assert "the provider fails" in status(sandbox)


def test_a_dead_letter_that_was_replayed_needs_nobody(sandbox, start_worker, tmp_path):
    start_worker(sandbox, **BEAT).await_ready()
    for key in ("DEAD-1", "DEAD-2"):
        sandbox.cluster.produce("payout.commands", b"no JSON", key.encode())
    sandbox.cluster.flush()
    complaints = lambda: [concern["message"] for concern in told(sandbox)["needs_person"]]
    until(lambda: complaints() == ["payouts: 2 dead letters"], 30, complaints)
    letters = {record.key: record for record in sandbox.cluster.records("dead-letters")}
    for key, left in ((b"DEAD-1", ["payouts: 1 dead letter"]), (b"DEAD-2", [])):
        file = tmp_path / "value.json"
        file.write_text(payout(key.decode()).encoded()[0])
        place = f"{letters[key].partition}/{letters[key].offset}"
        replay = "dead-letters", "replay", place, "--value", str(file), "--yes"
        # Twice is not two.
        for _ in range(2):
            ended = run("aspayds-worker", *replay, environment=sandbox.environment, within=60)
            assert ended.returncode == 0, ended.stderr
        until(lambda: complaints() == left, 30, complaints)
    status(sandbox, "--check")


def test_top_shows_what_happens_as_it_happens(sandbox, start_worker, start_terminal):
    worker = start_worker(sandbox, **BEAT, ASPAYDS_RATE_LIMIT="20").await_ready()
    terminal = start_terminal("aspayds-worker", "top")
    terminal.shows("1 of 1 replica alive")
    terminal.shows("nothing needs a person")
    terminal.shows("2 of 2")
    sandbox.cluster.send(mixed(200))
    # Rates of the moment, and the lag that goes down.
    until(lambda: "/s)" in terminal.picture, 30, lambda: terminal.picture)
    terminal.shows("flowing")
    fits(terminal)

    # Each size is drawn at once; a narrow one has the domains below each other.
    terminal.resize(40, 40)
    until(lambda: one_domain_a_line(terminal), 10, lambda: terminal.picture)
    fits(terminal)
    terminal.resize(100, 12)
    until(lambda: not one_domain_a_line(terminal), 10, lambda: terminal.picture)
    fits(terminal)
    terminal.resize(80, 24)

    # Nobody tells that it is gone: the clock alone does.
    worker.kill()
    terminal.shows("no replica is alive", within=40)
    terminal.shows("silent")
    fits(terminal)

    terminal.type(b"x\x1b[Aq")
    terminal.ends(0)
    is_given_back(terminal)


def one_domain_a_line(terminal):
    heads = [line.split() for line in terminal.lines if "PAYMENTS" in line]
    return heads == [["PAYMENTS"]]


def fits(terminal):
    """Nothing is written beside the screen; the program does not know of the margin."""
    with terminal.lock:
        lines, columns = list(terminal.screen.display), terminal.columns
    assert any(lines) and all(not line[columns:].strip() for line in lines), "\n".join(lines)


def is_given_back(terminal):
    """The screen is the one from before, the cursor is seen, and lines are broken again."""
    until(lambda: terminal.raw.endswith(b"\x1b[?1049l"), 10, lambda: terminal.raw[-200:])
    assert terminal.raw.count(b"\x1b[?1049h") == terminal.raw.count(b"\x1b[?1049l") == 1
    assert pyte.modes.DECTCEM in terminal.screen.mode
    assert pyte.modes.DECAWM in terminal.screen.mode


@pytest.mark.parametrize("end", [b"\x03", signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_top_gives_the_terminal_back_however_it_ends(sandbox, start_terminal, end):
    terminal = start_terminal("aspayds-worker", "top")
    terminal.shows("no replica has told anything lately")
    assert pyte.modes.DECTCEM not in terminal.screen.mode
    if isinstance(end, bytes):
        terminal.type(end)
    else:
        terminal.process.send_signal(end)
    terminal.ends(0)
    is_given_back(terminal)


@pytest.mark.own_broker("it goes away")
def test_top_shows_that_kafka_is_gone_and_goes_on(sandbox, start_terminal):
    terminal = start_terminal("aspayds-worker", "top")
    terminal.shows("no replica has told anything lately")
    sandbox.kill()
    # There is nothing left to be judged.
    sandbox.cluster = None
    terminal.shows("Kafka: ")
    terminal.type(b"q")
    terminal.ends(0)


def test_mistakes_are_told(sandbox):
    def failed(*words, code, **settings):
        environment = sandbox.environment | settings
        ended = run("aspayds-worker", *words, environment=environment, within=60)
        assert (ended.returncode, ended.stdout) == (code, ""), ended
        return ended.stderr

    # Not in a pipe, nor without a keyboard.
    assert "needs a terminal; use `aspayds-worker status`" in failed("top", code=1)
    assert "--since \"5s\": must be from 1m to 7d" in failed("status", "--since", "5s", code=2)
    assert "is not a duration like" in failed("top", "--since", "yesterday", code=2)
    assert "unknown flag --chek" in failed("status", "--chek", code=2)
    other = failed("status", code=1, ASPAYDS_TOPIC_PREFIX="other.")
    assert "the topic other.worker.status does not exist" in other
    nowhere = failed("status", code=1, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert "127.0.0.1:1" in nowhere
