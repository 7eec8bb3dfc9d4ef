"""`api`: the provider asked directly, without Kafka."""

import json

from commands import payment, payout
from processes import http, run
from waiting import until

ACCOUNT = "01712345678"


def ask(sandbox, *words, **settings):
    """`api` with nothing but the API's settings; answers its code and both outputs."""
    kept = {k: v for k, v in sandbox.environment.items() if not k.startswith("KAFKA_")}
    ended = run("aspayds-worker", "api", *words, environment=kept | settings)
    return ended.returncode, ended.stdout, ended.stderr


def asked(sandbox, *words):
    """What it prints as objects."""
    code, output, complaint = ask(sandbox, *words, "--json")
    assert (code, complaint) == (0, "")
    return [json.loads(line) for line in output.splitlines()]


def test_the_provider_says_what_became_of_orders(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "1")
    start_worker(sandbox)
    sandbox.cluster.send([payment("API-1", amount="100.50"), payout("API-2", recipient_account=ACCOUNT)])
    until(lambda: sandbox.executed == 2, 60, "both are executed")

    (found,) = asked(sandbox, "payment", "api-1")
    ids = {line["reference"]: line["id"] for line in sandbox.executions}
    assert (found["invoice_id"], found["status"]) == (ids["API-1"], "pending")
    assert asked(sandbox, "payment", found["invoice_id"]) == [found]
    (found,) = asked(sandbox, "payout", "API-2")
    assert (found["payout_id"], found["transaction_reference"]) == (ids["API-2"], "API-2")
    assert (found["amount"], found["recipient_account"]) == (500, "****5678")
    code, page, _ = ask(sandbox, "payout", found["payout_id"])
    assert code == 0 and page.startswith(f"payout {found['payout_id']}: pending\n")
    assert "****5678" in page and ACCOUNT not in page

    methods = asked(sandbox, "methods")
    assert [method["id"] for method in methods] == [1, 2, 3]
    code, table, _ = ask(sandbox, "methods")
    assert code == 0 and len(table.splitlines()) == 4 and "bKash" in table


def test_a_failure_is_one_line(start_sandbox):
    sandbox = start_sandbox("--partitions", "1")
    elsewhere = sandbox.root + "/elsewhere"
    for words, settings, code, told in [
        (["payment", "NO-1"], {}, 1, "error: the provider knows no payment NO-1"),
        (["payout", "NO-1"], {"ASPAYDS_API_SECRET": "wrong-secret"}, 1, "does not accept the API key"),
        (["payout", "NO-1"], {"ASPAYDS_BASE_URL": elsewhere}, 1, "look at ASPAYDS_BASE_URL"),
        (["methods"], {"ASPAYDS_BASE_URL": "http://127.0.0.1:1"}, 1, "did not take the question"),
        (["methods"], {"ASPAYDS_API_KEY": ""}, 78, "ASPAYDS_API_KEY"),
    ]:
        ended, output, complaint = ask(sandbox, *words, **settings)
        assert (ended, output, complaint.count("\n")) == (code, "", 1), complaint
        assert told in complaint and "wrong-secret" not in complaint
    sandbox.break_with({"fault": "timeout-before", "rate": 1})
    ended, output, complaint = ask(sandbox, "payout", "NO-1", ASPAYDS_REQUEST_TIMEOUT="500ms")
    assert (ended, output, complaint.count("\n")) == (1, "", 1)
    assert "no answer that says what is so: timeout" in complaint


def test_mistakes_are_told(start_sandbox):
    sandbox = start_sandbox("--partitions", "1")
    for words, told in [
        (["payment"], "say the invoice id or a reference, such as WD-1001"),
        (["payout", "WD-1", "WD-2"], 'unexpected argument "WD-2"'),
        (["payout", "WD/1"], '"WD/1": must be 1 to 64 characters'),
        (["payments", "WD-1"], "payments"),
        (["payout", "WD-1", "--jsn"], "--jsn"),
    ]:
        code, output, complaint = ask(sandbox, *words)
        assert (code, output) == (2, ""), complaint
        assert told in complaint, complaint
    status, _ = http("GET", f"{sandbox.root}/_sandbox/executions")
    assert status == 200 and sandbox.order("GET", "requests")["by_endpoint"] == {}
