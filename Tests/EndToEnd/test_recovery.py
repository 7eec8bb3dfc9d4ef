"""The pages of deploy/README.md that need another set of topics; it says which of their steps are not run here."""

import json

import pytest

from audits import assert_right
from books import await_endings, judge
from commands import mixed
from processes import run
from waiting import until

PAYOUT = (
    *("--payout-method-id", "1", "--amount", "500"),
    *("--recipient-name", "Karim", "--recipient-account", "01755000001"),
)


@pytest.fixture
def broker(start_broker):
    return start_broker(3)


@pytest.fixture
def provider(broker, start_sandbox):
    sandbox = start_sandbox("--no-kafka")
    sandbox.cluster = broker.cluster
    return sandbox


@pytest.fixture
def environment(broker, provider):
    """What workers and tools are told."""
    address = {"ASPAYDS_BASE_URL": provider.environment["ASPAYDS_BASE_URL"]}
    return broker.environment | address


@pytest.fixture
def following(broker, environment):
    """What those are told who use the next set of topics."""
    name = f"{broker.cluster.groups}next"
    return environment | {"ASPAYDS_TOPIC_PREFIX": f"{name}.", "ASPAYDS_GROUP_PREFIX": f"{name}-"}


def told(environment, *words, code=0):
    """A tool's standard output."""
    ended = run("aspayds-worker", *words, environment=environment, within=90)
    assert ended.returncode == code, ended.stderr
    return ended.stdout


def kinds(environment, reference):
    """What was said of a reference."""
    lines = told(environment, "watch", "--reference", reference, "--json").splitlines()
    return [json.loads(line)["state"] for line in lines]


def figures(environment, *names):
    """What the workers have to do, by their own word."""
    report = json.loads(told(environment, "status", "--json"))
    return [report[domain].get(name) for domain in ("payments", "payouts") for name in names]


def owed(environment):
    return figures(environment, "lag", "in_doubt", "in_review")


def followed(environment):
    return figures(environment, "tracked")


def test_more_partitions_are_another_set_of_topics(
    broker, provider, environment, following, start_worker
):
    old = start_worker(**environment).await_ready()
    commands = mixed(20, prefix="OLD")
    broker.cluster.send(commands)
    await_endings(broker.cluster, commands, within=60)
    assert judge(provider, commands) == {"payment created": 10, "payout requested": 10}

    # 1, 2: the new topics; 3: nothing comes to the old ones any more.
    told(following, "topics", "apply", "--partitions", "6", "--replication-factor", "1")
    told(following, "topics", "check", "--partitions", "6", "--development")
    until(lambda: owed(environment) == [0] * 6, 60, lambda: owed(environment))
    # 4, 5: the new workers beside the old ones, then the old ones go.
    new = start_worker(**following).await_ready()
    told(following, "send", "payout", "--reference", "NEW-1", *PAYOUT)
    until(lambda: kinds(following, "NEW-1") == ["requested"], 60, "it is requested")
    for command in commands:
        step = "pay" if command.domain == "payment" else "complete"
        provider.order("POST", f"{command.domain}s/{command.reference}/{step}")
    until(lambda: followed(environment) == [0, 0], 90, lambda: followed(environment))
    assert old.stop(within=30) == 0
    assert_right(environment, "--complete")
    report = assert_right(following, "--complete")
    assert sum(row["count"] for row in report["references"]) == 1
    assert new.stop(within=30) == 0


def last_words(environment):
    """The last event of each reference, by its kind."""
    found = {}
    for line in told(environment, "watch", "--json").splitlines():
        event = json.loads(line)
        reference, number = event.get("transaction_reference"), event["event"].get("sequence", -1)
        found[reference] = max(found.get(reference, (-1, "")), (number, event["state"]))
    return {reference: kind for reference, (_, kind) in found.items()}


def answer_to_check(environment, domain, reference):
    """What a check finds; `send --check` asks, `watch` tells."""
    told(environment, "send", domain, "--check", "--reference", reference)
    until(lambda: "checked" in kinds(environment, reference), 60, "the check is answered")
    lines = told(environment, "watch", "--reference", reference, "--json").splitlines()
    return json.loads(lines[-1])["event"]


def test_a_ledger_that_is_lost(
    broker, provider, environment, following, start_worker
):
    provider.break_with({"fault": "timeout-before", "endpoint": "create", "times": 1})
    hasty = environment | {"ASPAYDS_SETTLE_WINDOW": "1s", "ASPAYDS_REQUEST_TIMEOUT": "1s"}
    worker = start_worker(**hasty).await_ready()
    told(environment, "send", "payout", "--reference", "LOST-REVIEW", *PAYOUT)
    until(lambda: kinds(environment, "LOST-REVIEW")[-1:] == ["needs_review"], 60, "it is in review")
    commands = mixed(10, prefix="LOST")
    broker.cluster.send(commands)
    await_endings(broker.cluster, commands, within=60)
    assert worker.stop(within=30) == 0
    broker.cluster.delete("payout.ledger")
    # A payout that nobody has taken up.
    told(environment, "send", "payout", "--reference", "LOST-LAST", *PAYOUT)

    # 1: it refuses, and sends nothing.
    refused = start_worker(**environment)
    refused.ends_with(1, within=60)
    assert "payout.ledger" in refused.output
    # 3: what became of each order, the provider knows. The review's offset has passed long ago.
    words = last_words(environment)
    assert {r for r, kind in words.items() if kind in ("in_doubt", "needs_review")} == {"LOST-REVIEW"}
    assert "LOST-0" in told(environment, "api", "payout", "LOST-0")
    for reference in ("LOST-REVIEW", "LOST-LAST"):
        told(environment, "api", "payout", reference, code=1)
    # 4: what it does not know is sent on new topics.
    told(following, "topics", "apply", "--partitions", "3", "--replication-factor", "1")
    start_worker(**following).await_ready()
    for reference in ("LOST-REVIEW", "LOST-LAST"):
        told(following, "send", "payout", "--reference", reference, *PAYOUT)
        until(lambda: kinds(following, reference) == ["requested"], 60, "it is requested")
    executed = [line["reference"] for line in provider.executions]
    assert len(executed) == len(set(executed)) == 12
    # 5: what was open is asked for.
    assert words["LOST-1"] == "created" and words["LOST-0"] == "requested"
    provider.order("POST", "payments/LOST-1/pay")
    assert answer_to_check(following, "payment", "LOST-1")["status"] == "paid"
    assert answer_to_check(following, "payout", "LOST-0")["status"] == "pending"
