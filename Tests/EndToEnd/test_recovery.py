"""The steps of deploy/README.md for what needs another set of topics: each is run as it stands there."""

import json

import pytest

from audits import assert_right
from books import await_endings, judge
from commands import mixed
from processes import run
from tansu import Tansu
from waiting import until

NEXT = {"ASPAYDS_TOPIC_PREFIX": "aspayds2.", "ASPAYDS_GROUP_PREFIX": "aspayds2-"}
PAYOUT = (
    *("--payout-method-id", "1", "--amount", "500"),
    *("--recipient-name", "Karim", "--recipient-account", "01755000001"),
)


@pytest.fixture
def broker(programs, tmp_path):
    """A broker on which topics are made and deleted, unlike the embedded one."""
    programs.append(Tansu(tmp_path))
    return programs[-1].create_all(3)


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


def told(environment, *words, code=0):
    """A tool's standard output."""
    ended = run("aspayds-worker", *words, environment=environment, within=90)
    assert ended.returncode == code, ended.stderr
    return ended.stdout


def kinds(environment, reference):
    """What was said of a reference."""
    lines = told(environment, "watch", "--reference", reference, "--json").splitlines()
    return [json.loads(line)["state"] for line in lines]


def owed(environment):
    """What the old workers still have to do, by their own word."""
    report = json.loads(told(environment, "status", "--json"))
    totals = [report[domain] for domain in ("payments", "payouts")]
    return [total.get(name) for total in totals for name in ("lag", "in_doubt", "in_review")]


def test_more_partitions_are_another_set_of_topics(broker, provider, environment, start_worker):
    old = start_worker(**environment).await_ready()
    commands = mixed(20, prefix="OLD")
    broker.cluster.send(commands)
    await_endings(broker.cluster, commands, within=60)
    assert judge(provider, commands) == {"payment created": 10, "payout requested": 10}

    # 1, 2: the new topics; 3: nothing comes to the old ones any more.
    told(environment | NEXT, "topics", "apply", "--partitions", "6", "--replication-factor", "1")
    until(lambda: owed(environment) == [0] * 6, 60, lambda: owed(environment))
    # 4, 5: the new workers beside the old ones, then the old ones go.
    new = start_worker(**(environment | NEXT)).await_ready()
    told(environment | NEXT, "send", "payout", "--reference", "NEW-1", *PAYOUT)
    until(lambda: kinds(environment | NEXT, "NEW-1") == ["requested"], 60, "it is requested")
    assert old.stop(within=30) == 0
    assert_right(environment, "--complete")
    report = assert_right(environment | NEXT, "--complete")
    assert sum(row["count"] for row in report["references"]) == 1
    assert new.stop(within=30) == 0


def test_a_ledger_that_is_lost(broker, provider, environment, start_worker):
    worker = start_worker(**environment).await_ready()
    commands = mixed(10, prefix="LOST")
    broker.cluster.send(commands)
    await_endings(broker.cluster, commands, within=60)
    assert worker.stop(within=30) == 0
    broker.delete("payout.ledger")
    # A payout that nobody has taken up.
    told(environment, "send", "payout", "--reference", "LOST-LAST", *PAYOUT)

    # 1: it refuses, and sends nothing.
    refused = start_worker(**environment)
    refused.ends_with(1, within=60)
    assert "payout.ledger" in refused.output
    # 3: what became of each order, the provider knows.
    assert "LOST-0" in told(environment, "api", "payout", "LOST-0")
    told(environment, "api", "payout", "LOST-LAST", code=1)
    # 4: what it does not know is sent on new topics.
    told(environment | NEXT, "topics", "apply", "--partitions", "3", "--replication-factor", "1")
    start_worker(**(environment | NEXT)).await_ready()
    told(environment | NEXT, "send", "payout", "--reference", "LOST-LAST", *PAYOUT)
    until(lambda: kinds(environment | NEXT, "LOST-LAST") == ["requested"], 60, "it is requested")
    executed = [line["reference"] for line in provider.executions]
    assert len(executed) == len(set(executed)) == 11
