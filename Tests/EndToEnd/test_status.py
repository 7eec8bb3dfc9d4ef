"""What a worker tells of itself: heartbeats and alerts on `worker.status`, and metrics."""

import json
import pathlib
import re
import urllib.request

from commands import mixed, payout
from books import await_endings
from waiting import until

ROOT = pathlib.Path(__file__).parents[2]


def told(cluster):
    """The records of worker.status: type and value, in order."""
    return [
        (record.header("ce_type").removeprefix("aspayds.worker."), json.loads(record.value))
        for record in cluster.records("worker.status")
    ]


def last_heartbeat(cluster):
    beats = [body for kind, body in told(cluster) if kind == "heartbeat"]
    return beats[-1] if beats else {}


def metrics(worker):
    """Every sample, by its name with labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{worker.port}/metrics", timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = answer.read().decode()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r'[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? \S+', l) for l in lines)
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_heartbeats_and_metrics_tell_what_was_done(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "2")
    cluster = sandbox.cluster
    worker = start_worker(sandbox, ASPAYDS_HEARTBEAT="1s", ASPAYDS_RATE_LIMIT="500")
    commands = mixed(40)
    cluster.send(commands)
    await_endings(cluster, commands, within=60)

    def is_told():
        beat = last_heartbeat(cluster)
        counts = [beat.get(domain, {}).get("outcomes", {}) for domain in ("payments", "payouts")]
        return counts == [{"created": 20}, {"methods": 1, "requested": 20}] or (
            counts == [{"created": 20}, {"requested": 20}]
        )

    until(is_told, 30, lambda: last_heartbeat(cluster))
    beat = last_heartbeat(cluster)
    payouts = beat["payouts"]
    assert (payouts["partitions"], payouts["stopped_partitions"]) == ([0, 1], [])
    assert (payouts["lag"], payouts["unfinished"], payouts["in_flight"]) == (0, 0, 0)
    assert (payouts["breaker"], payouts["rate_limit"]) == ("closed", 250)
    assert payouts["tracked"] == 20 and payouts["in_doubt"] == payouts["in_review"] == 0
    assert payouts["command_latency_ms"]["count"] == 20
    assert 0 < payouts["provider_latency_ms"]["p50"] <= payouts["provider_latency_ms"]["p99"]
    assert beat["roles"] == ["payments", "payouts", "webhooks"]
    numbers = [body["number"] for _, body in told(cluster)]
    assert numbers == sorted(set(numbers))

    found = metrics(worker)
    assert found['aspayds_commands_total{domain="payout",outcome="requested"}'] == 20
    name = 'aspayds_provider_requests_total{domain="payment",operation="create",result="ok"}'
    assert found[name] == 20
    assert found['aspayds_partitions_owned{domain="payment"}'] == 2
    assert found['aspayds_command_duration_seconds_count{domain="payment"}'] == 20
    assert found[f'aspayds_build_info{{version="{beat["version"]}"}}'] == 1

    table = (ROOT / "deploy" / "README.md").read_text()
    promised = set(re.findall(r"^\| `(aspayds_[a-z_]+)`", table, re.MULTILINE))
    samples = {re.sub(r"(_sum|_count)?(\{.*)?$", "", name) for name in found}
    # One counts only what has come.
    assert promised - samples <= {"aspayds_webhooks_total"}
    assert {name for name in samples if name.startswith("aspayds_")} <= promised

    assert worker.stop(within=25) == 0
    kinds = [kind for kind, _ in told(cluster)]
    assert (kinds[0], kinds[-1]) == ("started", "stopped")


def test_what_an_operator_should_hear_of_is_told(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "1")
    cluster = sandbox.cluster
    sandbox.break_with({"fault": "timeout-before", "endpoint": "create", "times": 1})
    settings = {"ASPAYDS_SETTLE_WINDOW": "1s", "ASPAYDS_REQUEST_TIMEOUT": "1s"}
    start_worker(sandbox, ASPAYDS_ROLES="payouts", ASPAYDS_HEARTBEAT="1s", **settings)
    cluster.send([payout("LOST-1")])

    def needed():
        return [body for kind, body in told(cluster) if kind == "review_needed"]

    (alert, *_) = until(needed, 60, "a review is told")
    assert (alert["domain"], alert["transaction_reference"]) == ("payout", "LOST-1")
    until(
        lambda: last_heartbeat(cluster).get("payouts", {}).get("in_review") == 1,
        30,
        "the heartbeat counts it",
    )
    assert "oldest_in_review_seconds" in last_heartbeat(cluster)["payouts"]


def test_refused_credentials_are_told(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "1")
    worker = start_worker(sandbox, ASPAYDS_API_KEY="an-old-key", ASPAYDS_HEARTBEAT="1s")
    until(
        lambda: [body for kind, body in told(sandbox.cluster) if kind == "credentials_refused"],
        60,
        "it is told",
    )
    until(
        lambda: last_heartbeat(sandbox.cluster)["payouts"]["breaker"] == "credentials",
        30,
        "the heartbeat says so",
    )
    stopped = 'aspayds_intake_stopped{domain="payout",reason="credentials"}'
    assert metrics(worker)[stopped] == 1
    assert b"an-old-key" not in b"".join(r.value for r in sandbox.cluster.records("worker.status"))
