"""Two replicas share the commands; one is stopped, the other takes over."""

from books import await_endings, judge
from commands import mixed, payment, payout
from waiting import until


def test_a_second_worker_takes_over_from_one_that_is_stopped(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "4", "--latency-ms", "20")
    workers = [start_worker(sandbox, ASPAYDS_MAX_IN_FLIGHT="4") for _ in range(2)]
    # The embedded cluster rebalances slowly: it waits for members that have not joined again until
    # their session times out, several times over. A real broker takes a heartbeat for each.
    for domain in ("payment", "payout"):
        until(
            lambda: [len(worker.owns(domain)) for worker in workers] == [2, 2],
            60,
            lambda: f"both have {domain} partitions: {[w.owns(domain) for w in workers]}",
        )
    for worker in workers:
        worker.await_ready()

    commands = mixed(300)
    sandbox.cluster.send(commands)
    until(lambda: sandbox.executed >= 100, 30, lambda: f"100 executed: {sandbox.totals}")
    assert workers[0].stop(within=25) == 0
    executed = sandbox.executed
    assert executed < 250, "the stop must come in the middle"

    await_endings(sandbox.cluster, commands, within=60)
    assert judge(sandbox, commands) == {"payment created": 150, "payout requested": 150}
    print(f"{executed} executed before the stop; then one worker had {workers[1].owns('payment')}")
    assert workers[1].owns("payment") == workers[1].owns("payout") == {0, 1, 2, 3}


def begun(sandbox):
    """How many orders of each domain the provider was asked to carry out."""
    requests = sandbox.order("GET", "requests")["by_endpoint"]
    paths = "POST /payment/create", "POST /payout/request"
    return [sum(requests.get(path, {}).values()) for path in paths]


def test_both_domains_stop_at_once(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "1", "--latency-ms", "3000")
    settings = {"ASPAYDS_MAX_IN_FLIGHT": "12", "ASPAYDS_REQUEST_TIMEOUT": "10s"}
    worker = start_worker(sandbox, **settings).await_ready()
    orders = [(payment, "IN"), (payout, "OUT")]
    sandbox.cluster.send([make(f"{name}-{n}") for n in range(60) for make, name in orders])
    until(lambda: min(begun(sandbox)) >= 4, 30, lambda: begun(sandbox))
    before = begun(sandbox)
    assert worker.stop(within=25) == 0
    # While one domain finished what it had begun, the other began nothing new.
    assert sum(begun(sandbox)) - sum(before) <= 3
