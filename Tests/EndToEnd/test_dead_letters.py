"""`dead-letters`: what is no command is listed, shown masked, corrected, and carried out once."""

import json

import pytest

from audits import assert_right
from commands import payment, payout
from processes import run
from terminal import Terminal
from test_partitioners import home_partitions
from waiting import until

ACCOUNT = "01798765432"
LOST_ONCE = {"fault": "timeout-before", "endpoint": "create", "times": 1}


@pytest.fixture
def sandbox(start_sandbox):
    return start_sandbox("--partitions", "2")


def letters(sandbox, *words, stdin=None, code=0):
    """`dead-letters`; what it prints as objects, and its complaint."""
    ended = run(
        *("aspayds-worker", "dead-letters", *words, "--json"),
        environment=sandbox.environment,
        stdin=stdin,
        within=60,
    )
    assert ended.returncode == code, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()], ended.stderr


def page(sandbox, *words):
    """The same for people."""
    command = "aspayds-worker", "dead-letters", *words
    ended = run(*command, environment=sandbox.environment, within=60)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def place(letter):
    return f"{letter.partition}/{letter.offset}"


def misplaced(sandbox, order, origin=1234):
    """A valid command that says it was forwarded already, and lies where its home is not."""
    cluster = sandbox.cluster
    home = home_partitions(cluster, {order.reference})[order.reference]
    value, key, headers = order.encoded()
    topic = f"{order.domain}.commands"
    headers["aspayds_origin"] = f"{cluster.topic(topic)}/{1 - home}/{origin}"
    cluster.produce(topic, value, key, headers, partition=1 - home)
    cluster.flush()


def set_aside(sandbox, count):
    """The dead letters by their keys, as soon as there are so many."""
    cluster = sandbox.cluster
    until(lambda: len(cluster.records("dead-letters")) >= count, 60, f"{count} dead letters")
    found = {letter.key: letter for letter in cluster.records("dead-letters")}
    return {key.decode() if key else None: letter for key, letter in found.items()}


def results(lines):
    return [line["result"] for line in lines]


def events_of(sandbox, reference):
    return [event for event in sandbox.cluster.events() if event.reference == reference]


def transmissions(sandbox, endpoint="payout/request"):
    counts = sandbox.order("GET", "requests")["by_endpoint"].get(f"POST /{endpoint}", {})
    return sum(counts.values())


def test_a_dead_letter_is_corrected_and_carried_out_once(sandbox, start_worker, tmp_path):
    worker = start_worker(sandbox).await_ready()
    cluster = sandbox.cluster
    order = payout("DEAD-1", recipient_account=ACCOUNT)
    right, _, headers = order.encoded()
    wrong = right[:-1]  # The last brace is missing.
    cluster.produce("payout.commands", wrong, "dead-1", headers)
    cluster.produce("payment.commands", b"\x00\x1b[2J 0171", None)
    cluster.flush()
    dead = set_aside(sandbox, 2)
    name = place(dead["dead-1"])

    (line,) = letters(sandbox, "list", "--topic", "payout.commands")[0]
    source = {"topic": cluster.topic("payout.commands"), "partition": 0, "offset": 0}
    source["partition"] = int(dead["dead-1"].header("dead_letter_partition"))
    assert (line["key"], line["reason"], line["from"]) == ("dead-1", "not_json", source)
    assert len(letters(sandbox, "list", "--reason", "not_json")[0]) == 2
    assert letters(sandbox, "list", "--reason", "misplaced")[0] == []
    assert letters(sandbox, "list", "--limit", "1")[1].startswith("warning: 1 older")
    table = page(sandbox, "list").splitlines()
    assert table[0].split() == ["POSITION", "TIME", "FROM", "KEY", "REASON", "FIELD"]

    # Nobody's account and name is shown, unless that is asked for.
    shown = page(sandbox, "show", name)
    assert "On replay it is refused: it would be dead-lettered again: not_json" in shown
    assert ACCOUNT not in shown and "Karima" not in shown
    assert ACCOUNT not in page(sandbox, "show", name, "--json")
    assert page(sandbox, "show", name, "--raw") == wrong
    other = page(sandbox, "show", place(dead[None]))
    assert r"\x00\x1b[9x 9999" in other and "\x1b" not in other

    # As it is it would come back; another reference is another command.
    file = tmp_path / "value.json"
    (line,), told = letters(sandbox, "replay", name, "--yes", code=1)
    assert line["result"] == "refused" and "not_json" in line["what"]
    file.write_text(payout("DEAD-2").encoded()[0])
    (line,), _ = letters(sandbox, "replay", name, "--value", str(file), "--yes", code=1)
    assert "the value is about DEAD-2, and the dead letter about dead-1" in line["what"]
    file.write_text(right)
    (line,), _ = letters(sandbox, "replay", name, "--value", str(file), "--dry-run")
    assert line["result"] == "ready"
    assert len(cluster.records("payout.commands")) == 1

    assert worker.stop(within=25) == 0
    # Nobody has taken it up: it is replayed twice.
    for _ in range(2):
        (line,), told = letters(sandbox, "replay", name, "--value", str(file), "--yes")
        assert line["result"] == "replayed" and "lets workers carry out 1 order (" in told
    replayed = cluster.records("payout.commands")[1:]
    home = home_partitions(cluster, {"DEAD-1"})["DEAD-1"]
    for record in replayed:
        assert (record.partition, record.key, record.value) == (home, b"dead-1", right.encode())
        assert record.header("ce_id") == order.id
        assert record.header("aspayds_replay_of") == f"{cluster.prefix}dead-letters/{name}"
    start_worker(sandbox)
    until(lambda: len(events_of(sandbox, "DEAD-1")) == 2, 60, lambda: cluster.events())
    assert {event.kind for event in events_of(sandbox, "DEAD-1")} == {"requested"}
    assert len({event.id for event in events_of(sandbox, "DEAD-1")}) == 1
    # It is the command that it was.
    command = events_of(sandbox, "DEAD-1")[0].body["command"]
    assert command == {"id": order.id} | source
    assert (sandbox.executed, transmissions(sandbox)) == (1, 1)

    (line,), _ = letters(sandbox, "replay", name, "--value", str(file), "--yes")
    assert line["result"] == "taken" and "DEAD-1: accepted" in line["what"]
    assert len(cluster.records("payout.commands")) == 3
    (line,), _ = letters(sandbox, "list", "--unanswered")
    assert "key" not in line
    command = "aspayds-worker", "watch", "--reference", "DEAD-1"
    story = run(*command, environment=sandbox.environment, within=60).stdout
    assert story.count(f"a replay of {cluster.prefix}dead-letters/{name}") == 2 and "forwarded" not in story
    # As it is it would be refused, but there is nothing left to do.
    (line,), _ = letters(sandbox, "replay", name, "--yes")
    assert line["result"] == "taken"
    assert "nothing happens: its command is in the ledger already" in page(sandbox, "show", name)
    topic = "--topic", "payout.commands"
    ended = run(
        *("aspayds-worker", "dead-letters", "replay", *topic, "--yes"),
        environment=sandbox.environment,
        within=60,
    )
    assert (ended.returncode, ended.stdout) == (0, "") and "1 was replayed already" in ended.stderr
    report = assert_right(sandbox.environment, "--complete")
    assert [row["count"] for row in report["commands"] if row["state"] == "requested"] == [1]


def test_many_are_replayed_but_not_what_may_have_been_sent(sandbox, start_worker):
    worker = start_worker(sandbox, ASPAYDS_SETTLE_WINDOW="1h").await_ready()
    cluster = sandbox.cluster
    sandbox.break_with(LOST_ONCE)
    doubtful = payout("MANY-DOUBT")
    cluster.send([doubtful])
    until(lambda: events_of(sandbox, "MANY-DOUBT"), 60, "it is in doubt")
    cluster.send([payment("MANY-KNOWN")])
    until(lambda: events_of(sandbox, "MANY-KNOWN"), 60, "it is created")
    orders = [payout("SBX-REFUSE-1"), payment("MANY-1"), payout("MANY-2"), doubtful]
    for number, order in enumerate([*orders, payment("MANY-KNOWN"), payment("many-1")]):
        misplaced(sandbox, order, origin=1000 + number)
    until(lambda: len(cluster.records("dead-letters")) == 6, 60, "6 dead letters")
    assert worker.stop(within=25) == 0

    replay = "replay", "--reason", "misplaced", "--yes", "--rate", "1000"
    lines, complaint = letters(sandbox, *replay, code=1)
    assert sorted(results(lines)) == ["refused"] * 3 + ["replayed"] * 3
    assert "3 of 6 were refused" in complaint
    reasons = " ".join(line["what"] for line in lines if line["result"] == "refused")
    assert "the ledger knows payout MANY-DOUBT: in doubt" in reasons
    assert "the ledger knows payment MANY-KNOWN: accepted" in reasons
    assert "is about the same reference; replay this one later" in reasons
    # Once more, before anybody has read them: the provider refuses one, and hears of it once.
    letters(sandbox, *replay, code=1)
    sandbox.break_with()
    start_worker(sandbox, ASPAYDS_SETTLE_WINDOW="1h")
    for reference, kind in [("SBX-REFUSE-1", "refused"), ("MANY-1", "created"), ("MANY-2", "requested")]:
        until(lambda: len(events_of(sandbox, reference)) == 2, 60, lambda: cluster.events())
        assert {event.kind for event in events_of(sandbox, reference)} == {kind}
        assert len({event.id for event in events_of(sandbox, reference)}) == 1
    assert transmissions(sandbox) == 3  # The doubtful one, SBX-REFUSE-1 and MANY-2.
    assert transmissions(sandbox, "payment/create") == 2

    lines, _ = letters(sandbox, *replay, code=1)
    assert sorted(results(lines)) == ["refused"] * 3 + ["taken"] * 3
    assert len(letters(sandbox, "list", "--unanswered")[0]) == 3


def test_without_a_reference_the_correction_names_it(sandbox, start_worker):
    start_worker(sandbox).await_ready()
    cluster = sandbox.cluster
    cluster.produce("payment.commands", b"no JSON", b"\xff\xfe")
    cluster.flush()
    (letter,) = until(lambda: cluster.records("dead-letters"), 60, "a dead letter")
    letters(sandbox, "replay", place(letter), "--yes", code=1)
    value = payment("NAMED-1").encoded()[0]
    replay = "replay", place(letter), "--value", "-", "--yes"
    assert results(letters(sandbox, *replay, stdin=value)[0]) == ["replayed"]
    until(lambda: events_of(sandbox, "NAMED-1"), 60, lambda: cluster.events())
    assert cluster.records("payment.commands")[-1].key == b"NAMED-1"
    # It has become that command, and becomes no other one.
    for again in (value, payment("NAMED-2").encoded()[0]):
        (line,), _ = letters(sandbox, *replay, stdin=again)
        assert line["result"] == "taken" and "payment NAMED-1: accepted" in line["what"]
    assert len(cluster.records("payment.commands")) == 2


def test_mistakes_are_told(sandbox):
    sandbox.cluster.produce("dead-letters", b"no JSON", b"K")
    sandbox.cluster.flush()
    (letter,) = sandbox.cluster.records("dead-letters")
    prefix = sandbox.cluster.prefix
    for words, code, told in [
        (["show"], 2, "say 1 position, such as 3/17"),
        (["show", "3-17"], 2, '"3-17": must be a position such as 3/17'),
        (["show", "2/0"], 1, f"there is no dead letter 2/0: {prefix}dead-letters has 2 partitions"),
        (["show", f"{letter.partition}/7"], 1, "the partition has 0 to 0"),
        (["list", "--topic", "payout.events"], 2, f"must be {prefix}payment.commands or"),
        (["list", "--reason", "no_json"], 2, "not_json"),
        (["list", "--since", "yesterday"], 2, "is not a time like 2026"),
        (["replay"], 2, "say which: positions such as 3/17, or filters, or --all"),
        (["replay", "0/0", "--all"], 2, "say which"),
        (["replay", "--all", "--value", "x"], 2, "--value corrects one dead letter"),
        (["replay", "0/0", "--rate", "0"], 2, "--rate 0.0: must be 0.1 to 1000"),
        (["replay", "--all", "--limit", "0"], 2, "--limit 0: must be 1 to 10000"),
        (["replay", place(letter), "--value", "no-such.json", "--yes"], 1, "no-such.json cannot be opened"),
        # Nobody can be asked.
        (["replay", place(letter)], 2, "say --yes to go on without asking"),
        # Somebody else has written it.
        (["replay", place(letter), "--yes"], 1, "its headers do not say where it was read"),
    ]:
        ended = run(
            *("aspayds-worker", "dead-letters", *words), environment=sandbox.environment, within=60
        )
        assert (ended.returncode, ended.stdout) == (code, ""), (words, ended.stderr)
        assert told in ended.stderr, (words, ended.stderr)
    assert sandbox.cluster.records("payment.commands") == []


def test_a_person_is_asked(sandbox, start_worker):
    worker = start_worker(sandbox).await_ready()
    misplaced(sandbox, payout("ASKED-1"))
    (letter,) = until(lambda: sandbox.cluster.records("dead-letters"), 60, "a dead letter")
    assert worker.stop(within=25) == 0
    for answer, code, count in [(b"y", 1, 1), (b"yes", 0, 2)]:
        terminal = Terminal(
            *("aspayds-worker", "dead-letters", "replay", place(letter)),
            environment=sandbox.environment,
            columns=120,
        )
        try:
            terminal.shows("lets workers carry out 1 order")
            terminal.shows("Go on? Type yes:")
            terminal.type(answer + b"\n")
            terminal.ends(code, within=60)
        finally:
            terminal.close()
        assert len(sandbox.cluster.records("payout.commands")) == count
