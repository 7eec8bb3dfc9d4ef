"""`send`, `watch` and `topics`, used as a person would."""

import json

import pytest

from processes import REPOSITORY, run

PAYMENT = [
    *("--reference", "TOOL-1", "--amount", "100.50", "--customer-name", "Rahim"),
    *("--callback-url", "https://shop.example/cb"),
]
EXAMPLES = REPOSITORY / "topics/examples"


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_what_is_sent_is_carried_out_and_seen(start_sandbox, start_worker, tmp_path):
    sandbox = start_sandbox("--partitions", "2")
    start_worker(sandbox)

    def worker(*arguments):
        ended = run("aspayds-worker", *arguments, environment=sandbox.environment, within=60)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    file = tmp_path / "payments.json"
    file.write_text(json.dumps({"transaction_reference": "TOOL-2", "amount": "75"} | REST))
    assert "TOOL-1" in worker("send", "payment", *PAYMENT)
    sent = lines(worker("send", "payment", "--file", str(file), "--json"))
    assert [line["transaction_reference"] for line in sent] == ["TOOL-2"]
    sent = lines(worker("send", "payout", "--file", str(EXAMPLES / "payouts.csv"), "--json"))
    assert [line["transaction_reference"] for line in sent] == ["WD-3001", "WD-3002"]
    worker("send", "payout", "--methods")

    seen = lines(
        worker(
            *("watch", "--follow", "--from", "beginning", "--until-final", "5"),
            *("--timeout", "30s", "--json"),
        )
    )
    # Nobody has asked for the list of methods that is told at the start.
    seen = [line for line in seen if line["event"].get("command")]
    states = {(line.get("transaction_reference"), line["state"]) for line in seen}
    assert states == {
        ("TOOL-1", "created"),
        ("TOOL-2", "created"),
        ("WD-3001", "requested"),
        ("WD-3002", "requested"),
        (None, "methods"),
    }
    assert all(line["ends_command"] and line["event"]["occurred_at"] for line in seen)
    amounts = {line["reference"]: line["amount"] for line in sandbox.executions}
    assert amounts == {"TOOL-1": 100.5, "TOOL-2": 75, "WD-3001": 500, "WD-3002": 750.25}

    worker("send", "payment", "--check", "--reference", "tool-1")
    again = worker("watch", "--reference", "tool-1")
    assert "TOOL-1" in again and "WD-3001" not in again


REST = {"customer_name": "Karima", "callback_url": "https://shop.example/cb"}


@pytest.mark.own_broker("one that neither replicates nor tells settings")
def test_topics_are_listed_and_compared(start_sandbox):
    sandbox = start_sandbox("--partitions", "2")
    listed = run("aspayds-worker", "topics", "list", "--json")
    assert listed.returncode == 0, listed.stderr
    names = {topic["name"] for topic in json.loads(listed.stdout)}
    assert {"aspayds.payment.commands", "aspayds.payout.ledger", "aspayds.dead-letters"} <= names

    def check(*flags):
        flags = "topics", "check", "--json", *flags
        return run("aspayds-worker", *flags, environment=sandbox.environment)

    # One broker and no settings told: for development that is a warning, otherwise an error.
    assert check("--partitions", "2", "--development").returncode == 0
    ended = check("--partitions", "2")
    assert ended.returncode == 1 and "for development, say --development" in ended.stderr
    ended = check()
    assert ended.returncode == 1
    differences = [line for line in json.loads(ended.stdout) if line["matters"]]
    assert {line["topic"] for line in differences} == names


MISTAKES = [
    ("--amount", "1,000", 1, 'amount "1,000": a positive number, plain digits'),
    ("--reference", "ATINV1", 1, "ATINV"),
    ("--ammount", "5", 2, "--ammount"),
    ("--callback-url", "shop.example", 1, "callback_url"),
]


def test_a_mistake_in_a_flag_is_told_and_nothing_is_sent(start_sandbox):
    sandbox = start_sandbox("--partitions", "1")
    for flag, text, code, told in MISTAKES:
        replaced = dict(zip(PAYMENT[::2], PAYMENT[1::2])) | {flag: text}
        flags = [word for pair in replaced.items() for word in pair]
        ended = run("aspayds-worker", "send", "payment", *flags, environment=sandbox.environment)
        assert (ended.returncode, ended.stdout) == (code, ""), flag
        assert told in ended.stderr
    assert sandbox.cluster.records("payment.commands") == []


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("no-header.csv", "WD-1,1,500,Karim,01712345678\n", "line 1: column 1 does not name a field"),
        (
            "one-wrong.csv",
            "transaction_reference,payout_method_id,amount,recipient_name,recipient_account\n"
            "WD-1,1,500,Karim,01712345678\nWD-2,1,01712345678,Karim\n",
            "line 3: has 4 cells, but line 1 names 5",
        ),
        ("table.xlsx", "", "must be named .json, .jsonl or .csv"),
        ("broken.json", '[{"transaction_reference": "WD-1",]', "line 1"),
        (None, None, "missing.csv cannot be opened"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_its_place(tmp_path, name, text, told):
    file = tmp_path / (name or "missing.csv")
    if name:
        file.write_text(text)
    # Files are judged before anything is asked of a broker.
    settings = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    ended = run("aspayds-worker", "send", "payout", "--file", str(file), environment=settings)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert told in ended.stderr
    assert "01712345678" not in ended.stderr
    assert "Optional(" not in ended.stderr


def test_a_broker_that_is_not_there_is_named():
    settings = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    ended = run("aspayds-worker", "send", "payment", *PAYMENT, environment=settings, within=60)
    assert ended.returncode == 1
    assert "127.0.0.1:1" in ended.stderr
