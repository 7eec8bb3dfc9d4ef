"""A broker or a provider that is not there: said once, waited for, and then everything goes on."""

import time

from books import await_endings, judge
from commands import mixed
from processes import free_port
from tansu import KEYS
from waiting import until


def test_a_worker_without_a_broker_stays_up_and_says_why(start_worker):
    servers = f"127.0.0.1:{free_port()}"
    worker = start_worker(KAFKA_BOOTSTRAP_SERVERS=servers, **KEYS)
    first = until(lambda: worker.health("ready")[0], 10, "it answers")
    assert first == 503
    worker.await_reason("kafka")
    assert worker.health("live") == (200, {"live": True})
    # By now librdkafka has tried many times a second, for ten seconds, and told a few of them.
    lines = [line for line in worker.output.splitlines() if servers in line or "Kafka" in line]
    assert 1 <= len(lines) <= 12, "\n".join(lines)

    asked = time.monotonic()
    assert worker.stop(within=10) == 0
    assert time.monotonic() - asked < 5


def test_commands_wait_for_a_provider_that_is_not_there(start_sandbox, start_worker):
    kafka = start_sandbox("--partitions", "2")
    cluster = kafka.cluster
    commands = mixed(20)
    cluster.send(commands)
    port = free_port()
    worker = start_worker(kafka, ASPAYDS_BASE_URL=f"http://127.0.0.1:{port}/api")
    worker.await_reason("provider for payments")
    worker.await_reason("provider for payouts")
    assert cluster.events() == []

    provider = start_sandbox("--no-kafka", port=port)
    provider.cluster = cluster
    await_endings(cluster, commands, within=60)
    assert judge(provider, commands) == {"payment created": 10, "payout requested": 10}
    worker.await_ready()
