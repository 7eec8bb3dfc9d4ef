"""The rights of topics/acls.yaml are about our topics, and are those that the programs need."""

import itertools
import re
import subprocess
import sys

import pytest
import yaml

from contract import TOPICS

SOURCES = TOPICS.parent / "Sources"
TABLE = yaml.safe_load((TOPICS / "topics.yaml").read_text())
ACLS = yaml.safe_load((TOPICS / "acls.yaml").read_text())

# Where the code of a role names topics.
CODE = {
    "payments": ["Workers"],
    "payouts": ["Workers"],
    "receiver": ["aspayds-worker/Running/KafkaHintSink.swift"],
    "sender": ["aspayds-worker/Commands/Send.swift", "aspayds-worker/Send"],
    "watcher": ["aspayds-worker/Commands/Watch.swift"],
    "replayer": ["aspayds-worker/DeadLetters", "aspayds-worker/Ledger"],
    "auditor": ["aspayds-worker/Audit"],
    "support": [
        "aspayds-worker/Watch",
        "aspayds-worker/Ledger/LedgerView.swift",
        "aspayds-worker/Control/ControlDesk.swift",
    ],
    "observer": ["aspayds-worker/Status"],
    "reviewer": [
        "aspayds-worker/Review",
        "aspayds-worker/Ledger",
        "aspayds-worker/Control",
        "aspayds-worker/Status/StatusFeed.swift",
    ],
}
# Told by every process, whatever its role.
PLANNED = {"receiver": {"worker.status"}}
NAMES = {
    "commands": ["payment.commands", "payout.commands"],
    "events": ["payment.events", "payout.events"],
    "ledger": ["payment.ledger", "payout.ledger"],
    "paymentEvents": ["payment.events"],
    "payoutEvents": ["payout.events"],
    "deadLetters": ["dead-letters"],
    "notifications": ["notifications"],
    "webhooks": ["webhooks"],
    "workerControl": ["worker.control"],
    "workerStatus": ["worker.status"],
}


def rights(role):
    """The topics of a role, without the prefix, and what it may do with each."""
    return {
        acl["name"].removeprefix("{prefix}"): acl["operations"]
        for acl in ACLS["acls"]
        if acl["role"] == role and acl["type"] == "topic"
    }


def test_rights_are_about_the_topics_of_the_table():
    granted = set().union(*(rights(role) for role in CODE))
    assert granted == {topic["name"] for topic in TABLE["topics"]}
    assert {acl["role"] for acl in ACLS["acls"]} == set(ACLS["roles"])
    commands = ("payment.commands", "payout.commands")
    assert rights("scaler") == {topic: ["Describe"] for topic in commands}
    assert rights("administrator") == {"": ["Create", "Describe", "DescribeConfigs"]}


@pytest.mark.parametrize("role", CODE)
def test_rights_are_those_that_the_code_needs(role):
    named = set()
    for place in CODE[role]:
        path = SOURCES / place
        for file in [path] if path.is_file() else path.rglob("*.swift"):
            words = re.findall(r"(?:[tT]opics(?:\([^)]*\))?)\.(\w+)", file.read_text())
            named |= {topic for word in words for topic in NAMES.get(word, [])}
    other = {"payments": "payout.", "payouts": "payment."}.get(role, "-")
    named = {topic for topic in named if not topic.startswith(other)}
    # Only payments have events of the receiver: customers return from them.
    named -= {"payout.events"} if role == "receiver" else set()
    assert set(rights(role)) == named | PLANNED.get(role, set())


def test_only_workers_write_to_ledgers():
    for role, topic in itertools.product(ACLS["roles"], ("payment.ledger", "payout.ledger")):
        may_write = "Write" in rights(role).get(topic, [])
        assert may_write == (topic == f"{role.removesuffix('s')}.ledger"), (role, topic)


def test_rights_are_printed_as_commands():
    flags = [
        "--bootstrap-server",
        "k:9092",
        "--prefix",
        "shop.",
        "payouts=User:pay",
        "watcher=User:w",
    ]
    script = [sys.executable, TOPICS / "acls.py", *flags]
    lines = subprocess.run(script, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(lines) == sum(acl["role"] in ("payouts", "watcher") for acl in ACLS["acls"])
    assert (
        "kafka-acls --bootstrap-server k:9092 --add --topic shop.payout.ledger"
        " --resource-pattern-type literal --allow-principal User:pay --operation Read --operation Write"
    ) in lines
    assert not any("{" in line for line in lines)
