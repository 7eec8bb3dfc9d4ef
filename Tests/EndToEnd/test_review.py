"""What a person decides of a payout that nobody can tell the fate of."""

import json
import time
from itertools import groupby

import pytest

from commands import command, payout
from processes import run
from waiting import until

LOST_ONCE = {"fault": "timeout-before", "endpoint": "create", "times": 1}
WHO = "--by", "amina", "--why", "the provider has never had it", "--yes"
WINDOW = {"ASPAYDS_SETTLE_WINDOW": "3s"}


@pytest.fixture
def sandbox(start_sandbox):
    return start_sandbox("--partitions", "2")


def operator(sandbox, *words, **settings):
    """A command of a person; answers its code, and what it printed on both outputs."""
    environment = sandbox.environment | WINDOW | settings
    ended = run("aspayds-worker", *words, environment=environment, within=60)
    return ended.returncode, ended.stdout, ended.stderr


def obeyed(sandbox, *words):
    """What it prints as objects; it must be done."""
    code, output, complaint = operator(sandbox, *words, "--json")
    assert code == 0, complaint
    return [json.loads(line) for line in output.splitlines()]


def refused(sandbox, told, *words, **settings):
    """It must be refused, and say why."""
    code, _, complaint = operator(sandbox, *words, **settings)
    assert code == 1 and told in complaint, complaint


def event_of(sandbox, order, kind, within=60):
    """The event of that kind, as soon as there is one."""

    def find():
        events = sandbox.cluster.events()
        found = {e.id: e for e in events if e.kind == kind and e.command == order.id}
        assert len(found) <= 1, found
        return next(iter(found.values()), None)

    return until(find, within, lambda: f"{kind}: {sandbox.cluster.events()}")


def transmissions(sandbox):
    """How many payouts the provider was asked to make, whatever became of them."""
    counts = sandbox.order("GET", "requests")["by_endpoint"].get("POST /payout/request", {})
    return sum(counts.values())


def lost(sandbox, reference, *rules):
    """A payout that never arrived, up to its review."""
    sandbox.break_with(*rules)
    order = payout(reference, amount=700)
    sandbox.cluster.send([order])
    return order, event_of(sandbox, order, "needs_review")


@pytest.mark.parametrize(
    "words",
    [
        ("review", "release", "ANY-1", *WHO[:-1]),
        ("review", "close", "ANY-1", "--done", *WHO[:-1]),
        ("ledger", "claim", "payouts"),
    ],
)
def test_where_nobody_can_be_asked_it_must_be_said_before(words):
    ended = run("aspayds-worker", *words, environment={"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"})
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "there is no terminal to ask on: say --yes to go on without asking" in ended.stderr


def decided_by_a_person(event):
    """The event says that it was an operator, who, and why."""
    assert event.body["trigger"] == "operator"
    assert WHO[1] in event.value.decode() and WHO[3] in event.value.decode()


def states(sandbox, reference):
    """What the ledger says of a reference, in its order; that an end was said is the same once more."""
    records = [line["record"] for line in obeyed(sandbox, "ledger", "show", reference)]
    said = [
        (record.get("state", record["kind"]), record["attempt"])
        for record in records
        if record["kind"] != "claim"
    ]
    return [state for state, _ in groupby(said)]


def test_what_is_released_is_sent_once_more(sandbox, start_worker):
    workers = [start_worker(sandbox, **WINDOW) for _ in range(2)]
    sandbox.break_with(LOST_ONCE)
    order = payout("RELEASE-1", amount=700)
    sandbox.cluster.send([order])
    event_of(sandbox, order, "in_doubt")
    release = "review", "release", "release-1", *WHO
    refused(sandbox, "not in review", *release)

    review = event_of(sandbox, order, "needs_review")
    assert review.body["evidence"]["lookups"] > 0
    (line,) = obeyed(sandbox, "review", "list")
    assert (line["domain"], line["transaction_reference"]) == ("payout", "RELEASE-1")
    (shown,) = obeyed(sandbox, "review", "show", "RELEASE-1")
    assert shown["attempt"] == 1 and shown["records"]
    # As long as it may be on its way nobody can allow another one.
    refused(sandbox, "may still be on its way", *release, ASPAYDS_SETTLE_WINDOW="1h")
    assert transmissions(sandbox) == 1

    obeyed(sandbox, *release)
    event = event_of(sandbox, order, "requested")
    decided_by_a_person(event)
    assert event.body["attempt"] == 2
    assert (transmissions(sandbox), sandbox.executed) == (2, 1)
    refused(sandbox, "not in review", *release)
    code, output, _ = operator(sandbox, "review", "list")
    assert code == 0 and "RELEASE-1" not in output

    nothing_happens_twice(sandbox, start_worker, workers, transmitted=2)
    assert states(sandbox, "Release-1") == [
        ("intent", 1),
        ("in_doubt", 1),
        ("review", 1),
        ("released", 1),
        ("intent", 2),
        ("accepted", 2),
    ]
    _, page, _ = operator(sandbox, "ledger", "show", "release-1")
    assert "RELEASE-1" in page and WHO[1] in page


@pytest.mark.parametrize("is_killed", [False, True], ids=["times out", "its worker dies"])
def test_who_has_released_it_is_said_however_the_attempt_goes_on(sandbox, start_worker, is_killed):
    # Time enough to kill it while its request is under way.
    worker = start_worker(sandbox, ASPAYDS_REQUEST_TIMEOUT="6s", **WINDOW)
    order, _ = lost(sandbox, "RELEASE-2", LOST_ONCE)
    # The second attempt is executed, and never answered.
    sandbox.break_with({"fault": "timeout-after", "endpoint": "create", "times": 1})
    obeyed(sandbox, "review", "release", "RELEASE-2", *WHO)
    if is_killed:
        until(lambda: sandbox.executed == 1, 30, "the second attempt is executed")
        worker.kill()
        start_worker(sandbox, **WINDOW)

    requested = event_of(sandbox, order, "requested", within=90)
    (doubt,) = [
        event
        for event in {event.id: event for event in sandbox.cluster.events()}.values()
        if event.kind == "in_doubt" and event.body["attempt"] == 2
    ]
    assert doubt.reason["code"] == ("interrupted" if is_killed else "timeout")
    for event in doubt, requested:
        assert event.body["attempt"] == 2
        decided_by_a_person(event)
    assert (transmissions(sandbox), sandbox.executed) == (2, 1)
    records = [line["record"] for line in obeyed(sandbox, "ledger", "show", "RELEASE-2")]
    second = [record for record in records if record.get("attempt") == 2]
    assert {record["kind"] for record in second} == {"intent", "outcome"}
    assert {record["decision"]["by"] for record in second} == {WHO[1]}


def nothing_happens_twice(sandbox, start_worker, workers, transmitted):
    """Not when orders are repeated, nor when workers die and read them all again."""
    events = {event.id for event in sandbox.cluster.events()}
    for record in list(sandbox.cluster.records("worker.control")):
        sandbox.cluster.produce("worker.control", record.value, record.key, list(record.headers))
    sandbox.cluster.flush()
    workers.pop().kill()
    assert workers.pop().stop(within=25) == 0
    workers.append(start_worker(sandbox, **WINDOW).await_ready())
    until(lambda: workers[0].owns("payout") == {0, 1}, 60, "it has all payouts")
    # Nothing says that nothing is done: so it is given the time.
    time.sleep(5)
    assert transmissions(sandbox) == transmitted
    assert {event.id for event in sandbox.cluster.events()} == events


def test_what_is_closed_as_done_is_never_sent_again(sandbox, start_worker):
    workers = [start_worker(sandbox, **WINDOW) for _ in range(2)]
    order, _ = lost(sandbox, "DONE-1", LOST_ONCE)
    close = "review", "close", "DONE-1", "--done", "--provider-id", "ATPAY123", *WHO
    obeyed(sandbox, *close)
    event = event_of(sandbox, order, "requested")
    decided_by_a_person(event)
    assert event.provider_id == "ATPAY123"
    refused(sandbox, "not in review", *close)

    # The same order by a later command is answered; it is not sent.
    again = command(order.domain, order.type, **order.value)
    known = len(sandbox.cluster.events())
    sandbox.cluster.send([again])
    until(lambda: len(sandbox.cluster.events()) > known, 30, "the later command is answered")
    assert sandbox.cluster.events()[-1].id == event.id
    nothing_happens_twice(sandbox, start_worker, workers, transmitted=1)
    assert states(sandbox, "DONE-1")[-1] == ("accepted", 1)


def test_what_is_closed_as_not_done_may_be_sent_by_a_later_command(sandbox, start_worker):
    workers = [start_worker(sandbox, **WINDOW) for _ in range(2)]
    order, _ = lost(sandbox, "UNDONE-1", LOST_ONCE)
    close = "review", "close", "UNDONE-1", "--not-done", *WHO
    refused(sandbox, "may still be on its way", *close, ASPAYDS_SETTLE_WINDOW="1h")
    obeyed(sandbox, *close)
    decided_by_a_person(event_of(sandbox, order, "refused"))
    refused(sandbox, "not in review", *close)
    assert sandbox.executed == 0
    nothing_happens_twice(sandbox, start_worker, workers, transmitted=1)

    again = command(order.domain, order.type, **order.value)
    sandbox.cluster.send([again])
    assert event_of(sandbox, again, "requested").body["attempt"] == 2
    assert (transmissions(sandbox), sandbox.executed) == (2, 1)


def test_a_mismatch_can_be_closed_at_once_and_released_only_later(sandbox, start_worker):
    start_worker(sandbox, ASPAYDS_SETTLE_WINDOW="1h")
    order, review = lost(sandbox, "SBX-MISMATCH-1")
    assert review.reason["code"] == "mismatch"
    long = {"ASPAYDS_SETTLE_WINDOW": "1h"}
    release = "review", "release", "SBX-MISMATCH-1", *WHO
    refused(sandbox, "may still be on its way", *release, **long)
    # Who has other settings than the workers is not obeyed by them either.
    code, _, _ = operator(sandbox, *release, "--wait", "5s", ASPAYDS_SETTLE_WINDOW="1s")
    assert code == 1
    assert transmissions(sandbox) == sandbox.executed == 1

    (line,) = sandbox.executions
    close = "review", "close", "sbx-mismatch-1", "--done", "--provider-id", line["id"], *WHO
    obeyed(sandbox, *close)
    assert event_of(sandbox, order, "requested").provider_id == line["id"]
    assert transmissions(sandbox) == 1
