"""The key, the secret and whole account numbers are nowhere but where they must be."""

import secrets_kept
from books import await_endings
from commands import check, command, payment, payout
from processes import run

# What is published to be read by others; commands and dead letters are kept as they came.
PUBLISHED = [
    *("payment.events", "payout.events", "payment.ledger", "payout.ledger"),
    *("notifications", "worker.status", "worker.control"),
]


def test_no_topic_and_no_output_tells_a_secret(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "2")
    sandbox.break_with({"fault": "401", "times": 1})
    account = payout("ANY").value["recipient_account"]
    orders = [
        payout("PLAIN"),
        # The provider's words about an order may repeat what was in it.
        *(payout(f"SBX-{fate}-1") for fate in ("REFUSE", "TAKEN", "500", "GARBLED", "MISMATCH")),
        payment("SBX-REFUSE-1"),
        # A person's mistakes: an account where something else belongs.
        payout("WRONG-AMOUNT", amount=account + "x"),
        payout("WRONG-METHOD", payout_method_id=account),
        payout("WRONG-CURRENCY", currency=account),
        payout("WRONG-TIME", not_after=account),
        payout("WRONG-URL", callback_url=account),
        payout("WRONG-FIELD", **{account: 1}),
        payout("SPACES", recipient_account=f" {account} "),
        command("payout", "request", "NO-ACCOUNT", recipient_account=account),
    ]
    commands = orders + [check(order) for order in orders[:2]]
    sandbox.cluster.send(commands)
    worker = start_worker(sandbox, ASPAYDS_LOG_LEVEL="trace")
    await_endings(sandbox.cluster, commands, within=60)
    assert worker.stop(within=25) == 0

    for name in PUBLISHED:
        for record in sandbox.cluster.records(name):
            secrets_kept.in_text(str(record), f"{name}/{record.partition}/{record.offset}")
    for tool in (["watch"], ["watch", "--json"], ["config"]):
        ended = run("aspayds-worker", *tool, environment=sandbox.environment)
        assert ended.returncode == 0, ended.stderr
        secrets_kept.in_text(ended.stdout + ended.stderr, " ".join(tool))
