"""Operators stop the sending, let it go on, and change the rate: all replicas obey, restarts included."""

import json

from commands import payment, payout
from processes import run
from test_status import last_heartbeat, metrics
from waiting import until

WHO = "--by", "amina", "--why", "the bank is closed"
SETTINGS = {"ASPAYDS_HEARTBEAT": "1s", "ASPAYDS_ROLES": "payments,payouts"}


def order(sandbox, *words, who=WHO):
    """A command of a person; answers its code, and what it printed on both outputs."""
    ended = run("aspayds-worker", *words, *who, environment=sandbox.environment, within=60)
    return ended.returncode, ended.stdout, ended.stderr


def kinds(cluster):
    return sorted((event.reference, event.kind) for event in cluster.events() if event.kind != "methods")


def test_a_pause_is_obeyed_by_all_and_survives_a_restart(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "2")
    cluster = sandbox.cluster
    # Ordered before anybody works: whoever starts obeys.
    code, output, complaint = order(sandbox, "pause", "payouts", "--json")
    assert code == 0 and json.loads(output)["replicas"] == 0, complaint
    worker = start_worker(sandbox, **SETTINGS).await_ready()
    cluster.send([payout("HELD-1"), payment("FREE-1")])
    until(lambda: kinds(cluster) == [("FREE-1", "created")], 60, lambda: kinds(cluster))
    until(lambda: "paused" in last_heartbeat(cluster).get("payouts", {}), 30, "it is told")
    paused = last_heartbeat(cluster)["payouts"]["paused"]
    assert (paused["by"], paused["why"]) == ("amina", "the bank is closed")
    assert metrics(worker)['aspayds_intake_stopped{domain="payout",reason="paused"}'] == 1
    assert "paused" not in last_heartbeat(cluster)["payments"]
    # What waits is counted, although nothing is read; and so is what comes later.
    lag = lambda: last_heartbeat(cluster)["payouts"].get("lag")
    until(lambda: lag() == 1, 15, lag)
    cluster.send([payout("HELD-2"), payout("HELD-3")])
    until(lambda: lag() == 3, 15, lag)
    metric = lambda: metrics(worker)['aspayds_lag_records{domain="payout"}']
    until(lambda: metric() == 3, 15, metric)

    ended = run(
        *("aspayds-worker", "watch", "--reference", "HELD-1"), environment=sandbox.environment, within=60
    )
    assert "waits: payouts are paused by amina" in ended.stdout, ended
    assert "aspayds-worker resume payouts" in ended.stdout

    # Another takes over, and knows of it.
    assert worker.stop(within=25) == 0
    worker = start_worker(sandbox, **SETTINGS).await_ready()
    cluster.send([payment("FREE-2")])
    everything = [("FREE-1", "created"), ("FREE-2", "created")]
    until(lambda: kinds(cluster) == everything, 60, lambda: kinds(cluster))
    assert "HELD-1" not in {line["reference"] for line in sandbox.executions}

    code, output, complaint = order(sandbox, "resume", "payouts")
    assert code == 0 and "1 of 1 replicas obey" in output, complaint
    everything += [(f"HELD-{number}", "requested") for number in (1, 2, 3)]
    until(lambda: kinds(cluster) == everything, 60, lambda: kinds(cluster))
    assert worker.stop(within=25) == 0


def test_the_rate_is_changed_without_a_restart(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "2")
    cluster = sandbox.cluster
    start_worker(sandbox, **SETTINGS, ASPAYDS_RATE_LIMIT="10").await_ready()

    def limits():
        beat = last_heartbeat(cluster)
        return [beat.get(domain, {}).get("rate_limit") for domain in ("payments", "payouts")]

    until(lambda: limits() == [5, 5], 30, limits)
    code, output, complaint = order(sandbox, "rate", "40", "--json")
    assert code == 0, complaint
    told = json.loads(output)
    assert (told["key"], told["replicas"], told["obeying"], told["late"]) == ("rate", 1, 1, [])
    until(lambda: limits() == [20, 20], 30, limits)
    ended = run("aspayds-worker", "status", environment=sandbox.environment, within=60)
    assert ended.stdout.count("of 20/s  amina has ordered 40/s for both domains") == 2, ended.stdout
    code, output, complaint = order(sandbox, "rate", "default")
    assert code == 0 and "as it is set" in output, complaint
    until(lambda: limits() == [5, 5], 30, limits)


def test_a_dry_run_says_what_would_be_sent(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "2")
    cluster = sandbox.cluster
    worker = start_worker(sandbox, **SETTINGS, ASPAYDS_PAYOUTS="dry-run").await_ready()
    # The list of methods comes with the first harmless read.
    until(cluster.methods, 60, "the methods are known")
    cluster.send([payout("DRY-1", amount=500), payout("DRY-2", payout_method_id=99), payment("REAL-1")])
    until(lambda: len(kinds(cluster)) == 3, 60, lambda: kinds(cluster))
    told = {event.reference: event for event in cluster.events()}
    assert told["REAL-1"].kind == "created"
    for reference, words in [
        ("DRY-1", "would be sent: 500"),
        ("DRY-2", "would be refused: payout_method_id is 99"),
    ]:
        event = told[reference]
        assert (event.kind, event.reason["code"]) == ("refused", "dry_run")
        assert words in event.reason["message"]
    assert {line["kind"] for line in sandbox.executions} == {"payment"}
    written = [r.value for r in cluster.records("payout.ledger")]
    assert all(b'"kind":"claim"' in value for value in written)
    beat = until(lambda: last_heartbeat(cluster).get("payouts"), 30, "a heartbeat")
    assert beat["sending"] == "dry-run"
    assert worker.stop(within=25) == 0

    # Off: the next command waits, until payouts are on again.
    worker = start_worker(sandbox, **SETTINGS, ASPAYDS_PAYOUTS="off").await_ready()
    cluster.send([payout("WAITS-1"), payment("REAL-2")])
    until(lambda: ("REAL-2", "created") in kinds(cluster), 60, lambda: kinds(cluster))
    assert "WAITS-1" not in {event.reference for event in cluster.events()}
    assert metrics(worker)['aspayds_intake_stopped{domain="payout",reason="off"}'] == 1
    assert worker.stop(within=25) == 0
    start_worker(sandbox, **SETTINGS)
    until(lambda: ("WAITS-1", "requested") in kinds(cluster), 60, lambda: kinds(cluster))


def test_mistakes_are_told(start_sandbox):
    sandbox = start_sandbox("--partitions", "1")
    for words, told in [
        (["pause", "payout"], "must be payments or payouts"),
        (["pause"], "say payments or payouts"),
        (["resume", "payouts", "now"], 'unexpected argument "now"'),
        (["rate", "0"], "must be a number from 0.01 to 10000000, or default"),
        (["rate", "fast"], "must be a number from 0.01 to 10000000, or default"),
    ]:
        code, _, complaint = order(sandbox, *words)
        assert code == 2 and told in complaint, complaint
    code, _, complaint = order(sandbox, "pause", "payouts", who=["--by", "amina"])
    assert code == 2 and "--why" in complaint
    code, _, complaint = order(sandbox, "pause", "payouts", who=["--by", " ", "--why", "x"])
    assert code == 2 and "--by" in complaint and "not blank" in complaint
    assert sandbox.cluster.records("worker.control") == []
