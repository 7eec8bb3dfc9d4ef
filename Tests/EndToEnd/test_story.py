"""The story of one reference, as `watch --reference` tells it."""

import json
import re

import pytest

from callbacks import receiver, without_address
from commands import check, payment, payout
from processes import run
from terminal import Terminal
from waiting import until

# The time, how long after the line before, and who tells what.
LINE = re.compile(r"\d\d:\d\d:\d\d\.\d{3}  (\+[\d.]+(?:ms|s|m|h|d))? *  (\w+(?: letter)?) +(.*)")


def watch(sandbox, *words, code=0):
    ended = run("aspayds-worker", "watch", *words, environment=sandbox.environment, within=60)
    assert ended.returncode == code, ended
    return ended


def story(sandbox, reference):
    """Who tells what, in order; and what stands at the end."""
    lines = watch(sandbox, "--reference", reference).stdout.splitlines()
    told = [match.groups() for line in lines if (match := LINE.fullmatch(line))]
    (start,) = [number for number, line in enumerate(lines) if line.startswith("now ")]
    return [(teller, text) for _, teller, text in told], " ".join(" ".join(lines[start:]).split())


def tellers(told):
    return [(teller, text.split()[0]) for teller, text in told]


@pytest.fixture
def sandbox(start_sandbox):
    return start_sandbox("--partitions", "2")


def events(sandbox, reference):
    return [event.kind for event in sandbox.cluster.events() if event.reference == reference]


def test_a_payment_from_the_command_to_the_notification(sandbox, start_worker):
    start_worker(sandbox, **receiver()).await_ready()
    order = without_address(payment("TRX-1", currency="BDT"))
    sandbox.cluster.send([order])
    until(lambda: events(sandbox, "TRX-1") == ["created"], 60, lambda: events(sandbox, "TRX-1"))
    told, now = story(sandbox, "trx-1")
    assert tellers(told) == [("command", "create"), ("event", "created")]
    assert "100 BDT" in told[0][1]
    assert re.fullmatch(r"now accepted \(for \d+s\)", now), now

    sandbox.order("POST", "payments/TRX-1/pay")
    seen = lambda: set(tellers(story(sandbox, "TRX-1")[0]))
    expected = {
        ("command", "create"),
        ("event", "created"),
        ("event", "paid"),
        ("notification", "payment.completed"),
        ("webhook", "payment.completed"),
    }
    until(lambda: expected <= seen(), 60, seen)
    told, now = story(sandbox, "TRX-1")
    assert now.startswith("now accepted, and completed")
    # In their order, and nothing that is nobody's business.
    order_of = [teller for teller in tellers(told) if teller in expected]
    assert order_of[0] == ("command", "create") and order_of[1] == ("event", "created")
    assert order_of.index(("event", "paid")) < order_of.index(("notification", "payment.completed"))
    assert "Rahim Uddin" not in str(told)


def test_a_payout_that_needs_a_person_and_is_released(sandbox, start_worker):
    sandbox.break_with({"fault": "timeout-before", "endpoint": "create", "times": 1})
    start_worker(sandbox, ASPAYDS_SETTLE_WINDOW="1s", ASPAYDS_REQUEST_TIMEOUT="1s").await_ready()
    order = payout("WD-1", amount=700)
    account = order.value["recipient_account"]
    sandbox.cluster.send([order])
    until(lambda: "needs_review" in events(sandbox, "WD-1"), 60, lambda: events(sandbox, "WD-1"))
    told, now = story(sandbox, "WD-1")
    assert tellers(told) == [
        ("command", "request"),
        ("event", "in_doubt"),
        ("event", "needs_review"),
    ]
    assert account not in str(told) and f"to ****{account[-4:]}" in told[0][1]
    assert now.startswith("now in review; a person must decide")
    assert now.endswith("aspayds-worker review show WD-1 --domain payout")

    # What it says helps.
    assert "payout WD-1: in review" in run(
        "aspayds-worker", *now.split()[-5:], environment=sandbox.environment
    ).stdout
    who = "--by", "amina", "--why", "it was never there", "--yes"
    settings = sandbox.environment | {"ASPAYDS_SETTLE_WINDOW": "1s"}
    release = run(
        *("aspayds-worker", "review", "release", "WD-1", *who), environment=settings, within=60
    )
    assert release.returncode == 0, release.stderr
    until(lambda: "requested" in events(sandbox, "WD-1"), 60, lambda: events(sandbox, "WD-1"))
    told, now = story(sandbox, "WD-1")
    assert ("decision", "released by amina: it was never there") in told
    assert tellers(told)[-1] == ("event", "requested") and now.startswith("now accepted")


def test_a_story_that_goes_on_ends_when_it_is_told_to(sandbox, start_worker):
    sandbox.cluster.send([payment("TRX-2")])
    terminal = Terminal(
        *("aspayds-worker", "watch", "--reference", "TRX-2", "--follow", "--until-final", "1"),
        environment=sandbox.environment,
        columns=120,
    )
    try:
        terminal.shows("no worker has answered yet")
        start_worker(sandbox)
        terminal.ends(0, within=60)
        terminal.shows("created")
        assert "\x1b[32m" in terminal.raw.decode()
    finally:
        terminal.close()
    # For programs it is one event a line, as ever.
    lines = watch(sandbox, "--reference", "trx-2", "--json").stdout.splitlines()
    assert len(lines) == 1 and json.loads(lines[0])["topic"] == sandbox.cluster.topic("payment.events")


def test_what_is_no_command_and_what_nobody_knows(sandbox, start_worker):
    start_worker(sandbox).await_ready()
    sandbox.cluster.produce("payment.commands", b"no JSON", b"TRX-3")
    sandbox.cluster.flush()
    sandbox.cluster.send([check(payment("TRX-4"))])
    until(lambda: sandbox.cluster.records("dead-letters"), 30, "it is a dead letter")
    until(lambda: events(sandbox, "TRX-4") == ["checked"], 30, "it is answered")
    told, now = story(sandbox, "TRX-3")
    assert tellers(told) == [("command", "not"), ("dead letter", "not_json")]
    assert "nothing was done" in now and now.endswith("dead-letters list")
    told, now = story(sandbox, "TRX-4")
    assert [teller for teller, _ in told] == ["check", "event"] and "not_found" in now

    # Mistakes.
    ended = watch(sandbox, "--reference", "TRX-5", code=1)
    assert "nothing is known of TRX-5; is it spelt right?" in ended.stderr
    ended = watch(sandbox, "--reference", "TRX-3", "--until-final", "1", code=2)
    assert "--until-final needs --follow" in ended.stderr
