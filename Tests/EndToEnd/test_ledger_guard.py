"""A ledger that cannot be trusted: the worker refuses to start, and says what to do."""

import re
from collections import Counter

import pytest
from confluent_kafka import TopicPartition

from books import await_endings, each_ends_once, judge, nothing_twice, told_as_it_is
from commands import mixed
from processes import run
from test_status import last_heartbeat, told
from waiting import until

PARTITIONS = 4


@pytest.fixture
def broker(start_broker):
    """A broker that can lose a topic."""
    return start_broker(PARTITIONS)


@pytest.fixture
def start(broker, start_sandbox, start_worker):
    """Starts a worker of that broker and of one provider."""
    provider = start_sandbox("--no-kafka")
    provider.cluster = broker.cluster
    address = {"ASPAYDS_BASE_URL": provider.environment["ASPAYDS_BASE_URL"]}

    def start(**settings):
        return start_worker(**(broker.environment | address | settings))

    start.provider = provider
    return start


def work(cluster, start, count=40):
    """Lets a worker carry out some orders and leave."""
    commands = mixed(count)
    worker = start()
    cluster.send(commands)
    await_endings(cluster, commands, within=60)
    counts = judge(start.provider, commands)
    assert counts == {"payment created": count // 2, "payout requested": count // 2}
    assert worker.stop(within=30) == 0


def refuses(worker, *told):
    """It ends with 1 and says all of it, and has not begun anything."""
    worker.ends_with(1, within=60)
    for words in told:
        assert re.search(words, worker.output), worker.output[-3000:]


def test_a_ledger_that_is_gone_is_not_begun_anew(broker, start):
    work(broker.cluster, start)
    broker.cluster.delete("payout.ledger")
    refuses(start(), r"payout\.ledger does not exist", f"{broker.cluster.groups}payouts", "Restore")
    assert start.provider.executed == 40


def test_a_ledger_that_is_empty_is_not_begun_anew(broker, start):
    work(broker.cluster, start)
    broker.cluster.delete("payment.ledger")
    broker.cluster.create("payment.ledger", PARTITIONS)
    refuses(start(), r"payment\.ledger/\d", f"{broker.cluster.groups}payments", "Restore")
    assert start.provider.executed == 40


def test_a_ledger_has_as_many_partitions_as_its_commands(broker, start):
    broker.cluster.delete("payout.ledger")
    broker.cluster.create("payout.ledger", PARTITIONS - 1)
    refuses(start(), r"payout\.ledger has 3 partitions", "has 4", "ASPAYDS_TOPIC_PREFIX")


def worked(start_sandbox, start_worker):
    """An embedded Kafka whose worker has carried out 40 orders and left."""
    sandbox = start_sandbox("--partitions", "4")
    worker = start_worker(sandbox).await_ready()
    commands = mixed(40)
    sandbox.cluster.send(commands)
    await_endings(sandbox.cluster, commands, within=60)
    assert worker.stop(within=30) == 0
    return sandbox


@pytest.mark.own_broker("two, with topics of the same names")
def test_commands_created_anew_under_their_ledger_are_not_worked(start_sandbox, start_worker):
    old = worked(start_sandbox, start_worker)
    # The same ledger beside a topic of commands that begins at 0.
    new = start_sandbox("--partitions", "4")
    for record in old.cluster.records("payout.ledger"):
        headers = list(record.headers)
        new.cluster.produce("payout.ledger", record.value, record.key, headers, record.partition)
    new.cluster.flush()
    worker = start_worker(new)
    told = r"aspayds\.payout\.commands/\d ends at offset 0, but its ledger knows a command at \d"
    until(lambda: re.search(told, worker.output), 60, lambda: worker.output[-3000:])
    assert "the topic was created anew" in worker.output

    # The payouts wait, the payments go on.
    new.cluster.send(mixed(20))
    until(lambda: new.executed == 10, 60, lambda: worker.output[-3000:])
    assert {line["kind"] for line in new.executions} == {"payment"}
    assert worker.stop(within=30) == 0


def test_the_number_of_partitions_does_not_change_between_runs(start_sandbox, start_worker):
    sandbox = worked(start_sandbox, start_worker)
    # No broker of these tests can add partitions: the group remembers fewer instead.
    commit_otherwise(
        sandbox.cluster,
        "payment",
        lambda offset, text: (offset, text.replace("partitions=4", "partitions=3")),
    )
    refuses(start_worker(sandbox), r"payment\.commands has 4 partitions", "3", "TOPIC_PREFIX")
    assert sandbox.executed == 40


def metadata(place):
    """What was committed beside an offset; the client reads beyond its end."""
    try:
        text = place.metadata or ""
    except UnicodeDecodeError as error:
        text = error.object[: error.start].decode()
    return re.match(r"ledger_end=\d+ partitions=\d", text)[0]


def commit_otherwise(cluster, domain, change):
    """Lets the group of a domain say something else of each partition where it has worked; answers those."""
    group = {"group.id": f"{cluster.groups}{domain}s", "session.timeout.ms": 6000}
    member = cluster.reader(**group)
    member.subscribe([cluster.topic(f"{domain}.commands")])
    try:
        until(lambda: member.poll(0.1) or member.assignment(), 30, "the group is joined")
        places = member.committed(member.assignment(), timeout=10)
        known = {place: metadata(place) for place in places if place.offset > 0}
        assert known and all("partitions=4" in text for text in known.values()), known
        other = [
            TopicPartition(p.topic, p.partition, *change(p.offset, text)) for p, text in known.items()
        ]
        member.commit(offsets=other, asynchronous=False)
        return {place.partition for place in known}
    finally:
        member.close()


def test_where_commands_were_deleted_unread_nothing_is_worked(start_sandbox, start_worker):
    sandbox = worked(start_sandbox, start_worker)
    cluster = sandbox.cluster
    stopped = commit_otherwise(cluster, "payout", lambda offset, text: (offset + 1000, text))
    worker = start_worker(sandbox, ASPAYDS_HEARTBEAT="1s")
    alerts = lambda: [body for kind, body in told(cluster) if kind == "partition_stopped"]
    until(lambda: {body["partition"] for body in alerts()} == stopped, 60, alerts)
    for body in alerts():
        assert body["domain"] == "payout" and "deleted unread" in body["message"], body
    payouts = lambda: last_heartbeat(cluster).get("payouts", {}).get("stopped_partitions")
    until(lambda: payouts() == sorted(stopped), 30, payouts)
    worker.await_reason("deleted unread")

    # The payouts wait, the payments go on.
    cluster.send(mixed(20, prefix="LATER"))
    until(lambda: sandbox.executed >= 50, 60, lambda: worker.output[-3000:])
    assert {line["kind"] for line in sandbox.executions[40:]} == {"payment"}
    status = run("aspayds-worker", "status", "--check", environment=sandbox.environment, within=60)
    assert status.returncode == 1 and "is stopped: the committed offset" in status.stdout
    assert worker.stop(within=30) == 0


def test_a_second_deployment_stops_and_the_first_goes_on(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "4")
    first = start_worker(sandbox).await_ready()
    before = mixed(40)
    sandbox.cluster.send(before)
    await_endings(sandbox.cluster, before, within=60)

    other = f"{sandbox.cluster.groups}other-"
    second = start_worker(sandbox, ASPAYDS_GROUP_PREFIX=other)
    refuses(second, r"(payment|payout)\.ledger", f"{other}pay", "ASPAYDS_GROUP_PREFIX")
    assert sandbox.executed == 40

    after = mixed(40, prefix="AFTER")
    sandbox.cluster.send(after)
    await_endings(sandbox.cluster, after, within=60)
    counts = judge(sandbox, before + after)
    assert counts == {"payment created": 40, "payout requested": 40}
    assert first.is_running
    first.await_ready()


def test_two_deployments_that_start_at_once_execute_nothing_twice(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "4", "--latency-ms", "20")
    commands = mixed(400)
    sandbox.cluster.send(commands)
    groups = [{"ASPAYDS_GROUP_PREFIX": sandbox.cluster.groups + name} for name in ("one-", "two-")]
    workers = [start_worker(sandbox, **group) for group in groups]
    # One of them, or both: neither can tell who was meant.
    until(
        lambda: not all(worker.is_running for worker in workers),
        60,
        lambda: f"one stops: {[worker.output[-2000:] for worker in workers]}",
    )
    for worker in workers:
        if not worker.is_running:
            refuses(worker, "ASPAYDS_GROUP_PREFIX", "ledger claim pay(ment|out)s")
        # It may find the other one's claims only now.
        assert worker.stop(within=30) in (0, 1)
    assert sandbox.totals["repeated"] == 0

    # A person says which of them is meant: it takes over what the other one has begun.
    environment = sandbox.environment | groups[0]
    for role in ("payments", "payouts"):
        claim = run("aspayds-worker", "ledger", "claim", role, "--yes", environment=environment)
        assert claim.returncode == 0, claim.stderr
        print(claim.stdout.strip())
    start_worker(sandbox, **groups[0]).await_ready()
    await_endings(sandbox.cluster, commands, within=90)
    nothing_twice(sandbox, sandbox.executions)
    ended = each_ends_once(sandbox.cluster.events(), commands)
    told_as_it_is(ended.values(), sandbox.executions)
    counts = Counter(event.kind for event in ended.values())
    assert counts["created"] == 200
    # What the other one had under way when it stopped may wait for a person.
    assert counts["requested"] + counts["needs_review"] == 200 and counts["requested"] > 100
