"""The key, the secret and whole account numbers are nowhere but where they must be.

Every test is searched for them when it is over; here much goes wrong that could tell one.
"""

import json

import pytest

import secrets_kept
from books import await_endings
from callbacks import callback, receiver
from commands import check, command, payment, payout
from processes import run
from topics import Record
from waiting import until


def orders():
    """What is refused, doubted and mistyped in every way that may repeat an account."""
    account = payout("ANY").value["recipient_account"]
    return [
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
        command("payout", "check", None, payout_id=account),
    ]


def test_no_topic_and_no_output_tells_a_secret(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "2", "--complete-after-ms", "500")
    sandbox.break_with({"fault": "401", "times": 1})
    made = orders()
    commands = made + [check(order) for order in made[:2]]
    sandbox.cluster.send(commands)
    worker = start_worker(sandbox, **receiver(), ASPAYDS_LOG_LEVEL="trace", ASPAYDS_HEARTBEAT="1s")
    await_endings(sandbox.cluster, commands, within=60)
    until(lambda: sandbox.cluster.records("notifications"), 30, "something is notified")
    worker.search_pages()

    reference = ("--domain", "payout")
    tools = [
        ["watch"],
        ["config"],
        ["review", "list"],
        ["review", "show", "SBX-MISMATCH-1", *reference],
        ["ledger", "show", "PLAIN", *reference],
    ]
    for tool in [*tools, *([*tool, "--json"] for tool in tools if tool != ["config"])]:
        ended = run("aspayds-worker", *tool, environment=sandbox.environment)
        assert ended.returncode == 0, ended.stderr
    assert worker.stop(within=25) == 0
    told = secrets_kept.searched
    assert min(told["pages for monitoring"], told["standard output of tools"]) > 1000


ACCOUNT = payout("ANY").value["recipient_account"]
TOKEN = callback("TRX-1")


SECRETS = {
    "key": "sandbox-key",
    "secret": "sandbox-secret",
    "account": ACCOUNT,
    "token": TOKEN,
    "learnt": "learnt-one",
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_a_secret_would_be_seen(secret, monkeypatch):
    """The search finds what it is for, wherever it stands, and does not repeat it."""
    monkeypatch.setattr(secrets_kept, "secrets", set(secrets_kept.secrets))
    monkeypatch.setattr(secrets_kept, "searched", secrets_kept.Counter())
    secrets_kept.learn({"KAFKA_SASL_PASSWORD": "learnt-one", "ASPAYDS_CALLBACK_KEYS": "k1:0123"})
    line = json.dumps({"message": f"said {secret}, once"}).encode()

    def seen(topic="payout.events", **parts):
        record = Record(topic, 0, 7, *({"key": None, "value": None, "headers": ()} | parts).values())
        with pytest.raises(AssertionError) as failure:
            secrets_kept.in_records({topic: [record]})
        assert secret not in str(failure.value) and "<SECRET>" in str(failure.value)

    seen(value=line)
    seen(key=secret.encode())
    seen(headers=(("x", line),))
    seen(headers=((secret, None),))
    with pytest.raises(AssertionError, match="<SECRET>"):
        secrets_kept.in_bytes(b"before\n" + line + b"\nafter \xff", "output", "a log")
    # An account may be in what is kept byte for byte, a credential may not.
    if secret == ACCOUNT:
        letter = Record("dead-letters", 0, 7, None, line, ())
        secrets_kept.in_records({"dead-letters": [letter]})
    else:
        seen("dead-letters", value=line)
    # What the test itself has put there is not for this search.
    own = Record("payout.commands", 0, 7, None, line, ())
    secrets_kept.in_records({"payout.commands": [own]})
