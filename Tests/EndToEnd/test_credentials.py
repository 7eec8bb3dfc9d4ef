"""Credentials that the provider refuses: an error of the operator, which fails no command."""

from books import await_endings, judge
from commands import mixed
from processes import run
from waiting import until


def tool(sandbox, *words):
    """What a tool prints; it must succeed."""
    ended = run("aspayds-worker", *words, environment=sandbox.environment, within=60)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_wrong_credentials_fail_no_command(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "2")
    cluster = sandbox.cluster
    commands = mixed(40)
    cluster.send(commands)

    worker = start_worker(sandbox, ASPAYDS_API_KEY="an-old-key")
    worker.await_reason("refuses the API key or secret")
    worker.await_reason("provider for payouts")
    until(lambda: "credentials refused" in tool(sandbox, "status"), 30, lambda: tool(sandbox, "status"))
    assert worker.health("live")[0] == 200
    assert worker.stop(within=25) == 0
    assert "an-old-key" not in worker.output

    assert sandbox.executed == 0
    assert cluster.events() == []
    assert cluster.records("dead-letters") == []
    waiting = [sum(cluster.uncommitted(domain).values()) for domain in ("payment", "payout")]
    assert waiting == [20, 20]

    assert tool(sandbox, "api", "methods")
    start_worker(sandbox)
    await_endings(cluster, commands, within=60)
    assert judge(sandbox, commands) == {"payment created": 20, "payout requested": 20}
