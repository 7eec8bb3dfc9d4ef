"""Every example of topics/examples is tried: against its schema, and against a worker."""

import copy

import pytest

import agreement
import contract
from examples import INVALID, MESSAGES, load, record
from topics import DOMAINS, PREFIX
from waiting import until

# Commands, and the event that answers each.
ANSWERS = {
    "payment.create": "payment.created",
    "payment.check": "payment.checked",
    "payout.request": "payout.requested",
    "payout.check": "payout.checked",
    "payout.methods": "payout.methods.event",
}


def breaches(record):
    is_command = record.topic.endswith(".commands")
    return contract.command_breaches(record) if is_command else contract.breaches(record)


@pytest.mark.parametrize("name", MESSAGES)
def test_an_example_is_what_its_schema_says(name):
    example = load(MESSAGES[name])
    assert breaches(record(example)) == []
    message = contract.read(record(example))[0]
    assert f"examples/messages/{name}.json#/headers" in contract.references(message["examples"])


@pytest.mark.parametrize("name", MESSAGES)
def test_a_change_of_an_example_is_seen(name):
    """Strictness: nothing unknown is published, nothing that is required may be left out."""
    example = load(MESSAGES[name])
    if name not in ("webhook", "dead-letter"):
        value = example["value"] or {}
        for changed in [value | {"surprise": 1}, [value]]:
            assert breaches(record(example | {"value": changed})), changed
        payload = contract.read(record(example))[0]["payload"]
        schema = contract.schemas()[payload["schema"]["$ref"]]
        for field in schema.get("required", []):
            less = {key: other for key, other in value.items() if key != field}
            assert breaches(record(example | {"value": less})), f"without {field}"
        for field in value:
            changed = value | {field: {"another": "thing"}}
            assert breaches(record(example | {"value": changed})), f"another {field}"
    if not example["topic"].endswith(".commands"):
        headers = example["headers"] | {"dead_letter_surprise": "1"}
        assert breaches(record(example | {"headers": headers}))
    if name not in ("webhook", "dead-letter", "payout.methods", "notification"):
        assert breaches(record(example | {"key": "ANOTHER"}))


def test_a_breach_is_named_without_the_account():
    example = load(MESSAGES["ledger.intent"])
    example["value"]["order"]["recipient_account"] = "01712345678"
    with pytest.raises(AssertionError) as failure:
        agreement.judge({"payout.ledger": [record(example, partition=9)]})
    said = str(failure.value)
    assert 'aspayds.payout.ledger/9/0: $value.order.recipient_account is "****5678"' in said
    assert "01712345678" not in said and "schemas/ledger.intent.json" in said


@pytest.mark.parametrize(
    "name, path, rule",
    [
        ("payment.created", ["properties", "certainty"], {"const": "refused"}),
        ("ledger.claim", ["properties", "partitions", "maximum"], 1),
        ("headers.event", ["properties", "ce_source", "enum"], ["/elsewhere"]),
    ],
)
def test_a_broken_schema_fails_a_good_record(monkeypatch, name, path, rule):
    broken = copy.deepcopy(contract.schemas())
    node = broken[f"schemas/{name}.json"]
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = rule
    monkeypatch.setattr(contract, "schemas", lambda: broken)
    for cached in (contract.registry, contract.validator):
        cached.cache_clear()
    example = name.removeprefix("headers.") if name in MESSAGES else "payment.created"
    assert breaches(record(load(MESSAGES[example]))), "the change is not seen"
    monkeypatch.undo()
    for cached in (contract.registry, contract.validator):
        cached.cache_clear()


# MARK: Commands, through a worker


def produce(cluster, example):
    """Hands an example over as it is; its places are those of the cluster."""
    one = record(example)
    name = one.topic.removeprefix(PREFIX)
    headers = dict(one.headers)
    if origin := headers.get("aspayds_origin"):
        headers["aspayds_origin"] = cluster.topic(origin.decode().removeprefix(PREFIX))
    cluster.produce(name, one.value, one.key, headers, example.get("partition", -1))


def test_valid_commands_get_the_events_of_the_examples(start_sandbox, start_worker):
    sandbox = start_sandbox()
    start_worker(sandbox).await_ready()
    for name, answer in ANSWERS.items():
        wanted, example = load(MESSAGES[answer]), load(MESSAGES[name])
        produce(sandbox.cluster, example)
        sandbox.cluster.flush()
        event = until(lambda: answer_to(sandbox.cluster, example), 20, f"an event for {name}")
        assert event.header("ce_type") == wanted["headers"]["ce_type"]
        assert {name for name, _ in event.headers} == set(wanted["headers"])
        assert set(event.body) == set(wanted["value"]), name


def answer_to(cluster, example):
    id = example["headers"]["ce_id"]
    return next((event for event in cluster.events() if event.command == id), None)


def test_invalid_commands_get_the_reasons_of_the_examples(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "12")
    examples = {name: load(path) for name, path in INVALID.items()}
    codes = {example["reason"]["code"] for example in examples.values()}
    defined = contract.schemas()["schemas/common.json"]["$defs"]
    rules = set(defined["refusal_code"]["enum"]) | set(defined["dead_letter_code"]["enum"])
    # A dry run refuses what breaks no rule.
    assert codes == rules - {"dry_run"}
    for example in examples.values():
        produce(sandbox.cluster, example)
    sandbox.cluster.flush()
    start_worker(sandbox).await_ready()
    until(
        lambda: all(sandbox.cluster.uncommitted(domain) == {} for domain in DOMAINS),
        60,
        lambda: f"all are passed, but {sandbox.cluster.uncommitted('payment')}",
    )
    assert sandbox.executed == 0
    for name, example in examples.items():
        assert judgement(sandbox.cluster, record(example)) == (
            example["answer"],
            example["reason"]["code"],
            example["reason"].get("field"),
        ), name


def judgement(cluster, command):
    """How a command was answered: where, with which code, about which field."""
    for letter in cluster.records("dead-letters"):
        if (letter.key, letter.value) == (command.key, command.value):
            rule = (letter.header(f"dead_letter_{part}") for part in ("reason", "field"))
            return "dead-letter", *rule
    for event in cluster.events():
        if event.reference and event.reference.encode() in command.value:
            return event.kind, event.reason["code"], event.reason.get("field")
    return None
