"""What goes away for a while: a worker across a rebalance, the broker, the provider."""

import time

import pytest

from books import await_endings, judge
from commands import mixed
from outside import SESSION
from processes import free_port
from tansu import Tansu
from test_pause import order
from waiting import until

# The embedded cluster begins a group after 3 s, and never answers who waits longer than a session.
TIMES = {
    "KAFKA_SESSION_TIMEOUT_MS": str(int(SESSION * 1000)),
    "KAFKA_HEARTBEAT_INTERVAL_MS": "300",
    "ASPAYDS_MAX_IN_FLIGHT": "8",
}
ALL = {0, 1, 2, 3}
OUTAGE = 30


def told(cluster, kind):
    return [event for event in cluster.events() if event.kind == kind]


def test_a_worker_that_is_frozen_across_a_rebalance_does_nothing_twice(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "4", "--latency-ms", "200")
    frozen = start_worker(sandbox, **TIMES).await_ready()
    until(lambda: frozen.owns("payment") == frozen.owns("payout") == ALL, 20, "it has them all")
    commands = mixed(200)
    sandbox.cluster.send(commands)
    until(lambda: sandbox.executed >= 40, 30, lambda: f"40 executed: {sandbox.totals}")

    # In the middle: orders are in flight, others have an intent and a fence but were not sent yet.
    frozen.freeze()
    heir = start_worker(sandbox, **TIMES)
    until(
        lambda: heir.owns("payment") == heir.owns("payout") == ALL,
        60,
        lambda: f"another takes over: {heir.owns('payment')}, {heir.owns('payout')}",
    )
    later = mixed(100, prefix="LATER")
    sandbox.cluster.send(later)
    until(lambda: sandbox.executed >= 100, 60, lambda: f"100 executed: {sandbox.totals}")
    frozen.thaw()

    await_endings(sandbox.cluster, commands + later, within=120)
    assert judge(sandbox, commands + later).total() == 300
    assert frozen.is_running and heir.is_running
    assert any(event.reason["code"] == "interrupted" for event in told(sandbox.cluster, "in_doubt"))


@pytest.mark.own_broker("it hangs")
def test_a_broker_that_hangs_holds_everything_and_loses_nothing(start_sandbox, start_worker):
    kafka = start_sandbox("--partitions", "4")
    provider = start_sandbox("--no-kafka", "--latency-ms", "50")
    provider.cluster = kafka.cluster
    address = {"ASPAYDS_BASE_URL": provider.environment["ASPAYDS_BASE_URL"]}
    worker = start_worker(kafka, **(TIMES | address))
    # Its connections stay open, and it answers nothing.
    goes_through(provider, worker, kafka.freeze, kafka.thaw)


@pytest.mark.own_broker("it cannot be reached for a while")
def test_a_broker_that_is_down_holds_everything_and_loses_nothing(
    start_sandbox, start_worker, start_road, programs, tmp_path
):
    # Its clients know it by the address of the road to it: the port refuses them.
    road = start_road(f"tcp://127.0.0.1:{(port := free_port())}")
    broker = Tansu(tmp_path, advertised=road.port, port=port)
    programs.append(broker)
    broker.create_all(4)
    provider = start_sandbox("--no-kafka", "--latency-ms", "50")
    provider.cluster = broker.cluster
    address = {"ASPAYDS_BASE_URL": provider.environment["ASPAYDS_BASE_URL"]}
    worker = start_worker(**(broker.environment | TIMES | address))
    goes_through(provider, worker, road.cut, road.mend)


def goes_through(provider, worker, leave, come_back):
    """The broker goes away for a while with orders under way; then all of them end."""
    worker.await_ready()
    commands = mixed(400)
    provider.cluster.send(commands)
    until(lambda: provider.executed >= 50, 30, lambda: f"50 executed: {provider.totals}")

    leave()
    time.sleep(OUTAGE / 2)
    executed = provider.executed
    assert executed < 400, "the outage must come in the middle"
    time.sleep(OUTAGE / 2)
    # Without a ledger nothing is sent, whoever asks.
    assert provider.executed == executed
    come_back()

    await_endings(provider.cluster, commands, within=90)
    counts = judge(provider, commands)
    print(f"{executed} executed when the broker went away; {dict(counts)}")
    assert counts["payment created"] == 200
    # An intent whose fence was never answered outlives the session: nobody can say any more that it
    # was not sent, so a payout waits for a person.
    assert counts["payout requested"] == 200 - counts["payout needs_review"]
    assert counts["payout needs_review"] <= 8
    assert worker.is_running
    worker.await_ready()


@pytest.fixture
def without_provider(start_sandbox, start_worker):
    """Two workers that share the partitions while nobody listens where the provider should be."""
    kafka = start_sandbox("--partitions", "4")
    port = free_port()
    address = f"http://127.0.0.1:{port}/api"
    commands = mixed(60)
    kafka.cluster.send(commands)
    first = start_worker(kafka, ASPAYDS_BASE_URL=address, **TIMES)
    finds_nobody(first)
    # A rebalance by a newcomer: the first one has intents that were never transmitted.
    second = start_worker(kafka, ASPAYDS_BASE_URL=address, **TIMES)
    for domain in ("payment", "payout"):
        until(
            lambda: len(first.owns(domain)) == len(second.owns(domain)) == 2,
            60,
            lambda: f"both have {domain} partitions: {first.owns(domain)}, {second.owns(domain)}",
        )
    finds_nobody(second)
    return kafka, port, commands, first, second


def finds_nobody(worker):
    """It has tried, so that there are intents; what they are for was never sent."""
    for domain in ("payments", "payouts"):
        worker.await_reason(f"provider for {domain}")


def takes_over(heir):
    for domain in ("payment", "payout"):
        until(lambda: heir.owns(domain) == ALL, 60, lambda: f"the rest: {heir.owns(domain)}")


def test_a_rebalance_while_the_provider_is_away_leaves_no_doubts(start_sandbox, without_provider):
    kafka, port, commands, first, second = without_provider
    # Another one, by a leave.
    assert first.stop(within=25) == 0
    takes_over(second)
    assert kafka.cluster.events() == []
    # Operators have it begin gently.
    for words in (["pause", "payouts"], ["rate", "20"]):
        assert order(kafka, *words)[0] == 0

    provider = start_sandbox("--no-kafka", port=port)
    provider.cluster = kafka.cluster
    payments = [command for command in commands if command.domain == "payment"]
    await_endings(kafka.cluster, payments, within=90)
    assert {line["reference"] for line in provider.executions} == {c.reference for c in payments}
    assert order(kafka, "resume", "payouts")[0] == 0
    await_endings(kafka.cluster, commands, within=90)
    assert judge(provider, commands) == {"payment created": 30, "payout requested": 30}
    assert told(kafka.cluster, "in_doubt") == told(kafka.cluster, "needs_review") == []


def test_a_death_while_the_provider_is_away_leaves_only_its_own_doubts(
    start_sandbox, without_provider
):
    kafka, port, commands, first, second = without_provider
    second.kill()
    takes_over(first)

    provider = start_sandbox("--no-kafka", port=port)
    provider.cluster = kafka.cluster
    await_endings(kafka.cluster, commands, within=90)
    counts = judge(provider, commands)
    doubts = {event.command for event in told(kafka.cluster, "in_doubt")}
    reviews = {event.command for event in told(kafka.cluster, "needs_review")}
    print(f"{len(doubts)} in doubt, {len(reviews)} in review; {dict(counts)}")
    # Who died can tell nobody that its intents were not sent: of each domain, as many as it may have
    # under way. A payment is sent again once it was absent for long enough, a payout waits.
    assert 0 < len(doubts) <= 16 and reviews <= doubts
    assert {event.reason["code"] for event in told(kafka.cluster, "in_doubt")} == {"interrupted"}
    assert counts["payment created"] == 30
    assert counts["payout requested"] == 30 - counts["payout needs_review"] >= 30 - 8
