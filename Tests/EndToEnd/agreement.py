"""Whether a whole cluster keeps the contract in topics/.

What the programs publish must be exactly what the schemas say. What commands must be is held against
the worker's own judgement: it refuses what breaks the contract, and nothing else.
"""

import json
import re
import warnings

from confluent_kafka import KafkaException

import secrets_kept
from contract import breaches, command_breaches, schemas
from topics import DOMAINS, everything

MOST_SHOWN = 20


def assert_kept(cluster):
    """Reads every topic of a cluster; fails with the records that break the contract."""
    __tracebackhide__ = True  # As below.
    try:
        records = everything(cluster)
    except KafkaException as error:
        # Its topics are gone with it; what the test has read of them is judged all the same.
        warnings.warn(f"{cluster.servers} does not answer any more: {error}")
        records = {name: log.read_so_far for name, log in cluster.logs.items()}
    secrets_kept.in_records(records, besides=cluster.own)
    return judge(records, besides=cluster.own)


def judge(records, besides=frozenset()):
    """Fails with the records, by topic, that break the contract; some places are no matter."""
    # The records are not shown, neither by a traceback nor by an assertion: accounts are in them.
    __tracebackhide__ = True
    wrong = [
        (record, breach)
        for topic, list_ in records.items()
        if not topic.endswith(".commands")
        for record in list_
        if place(record) not in besides
        for breach in breaches(record)
    ]
    # What is not an answer cannot be compared with its command.
    wrong = wrong or list(disagreements(records))
    count = sum(map(len, records.values()))
    if wrong:
        lines = ["{}/{}/{}: {}".format(*place(one), breach) for one, breach in wrong[:MOST_SHOWN]]
        lines = [f"{len(wrong)} breaches of topics/ in {count} records:", *lines]
        raise AssertionError("\n".join(lines))
    return count


# MARK: Commands


def beyond_schemas(code, field, record):
    """Whether a rule is about more than a record: settings, places, or how a number is written."""
    if code in ("misplaced", "not_configured", "dry_run"):
        return True
    if (code, field) in (("missing_field", "callback_url"), ("invalid_field", "return_url")):
        return True
    written = rf'"{field}"\s*:\s*[0-9+-]*[.eE]'.encode()
    return field in ("amount", "payout_method_id") and bool(re.search(written, record.value))


def disagreements(records):
    """Where the worker and the contract judge a command differently."""
    answers = dict(answered(records))
    for topic in (f"{domain}.commands" for domain in DOMAINS):
        for record in records.get(topic, []):
            answer, code, field = answers.get(place(record), (None, None, None))
            if answer and not is_about(answer, record):
                continue  # The topic is not the one that was answered: it was replaced.
            found = command_breaches(record)
            ours = (record.header("ce_source") or "").startswith("/aspayds-worker/")
            if found and not code and (answer or ours):
                yield record, f"a worker takes it or wrote it, but {'; '.join(found)}"
            if code and not found and not beyond_schemas(code, field, record):
                yield record, f"a worker refuses it ({code}, {field}), and the schemas do not"


def answered(records):
    """By the place of a command: an answer to it, and the rule that it breaks if it does."""
    codes = schemas()["schemas/common.json"]["$defs"]["refusal_code"]["enum"]
    for topic in (f"{domain}.events" for domain in DOMAINS):
        for event in records.get(topic, []):
            body = json.loads(event.value)
            reason, command = body.get("reason", {}), body.get("command")
            if command:
                # What has a sequence was judged by more than the contract.
                is_breach = "sequence" not in body and reason.get("code") in codes
                rule = (reason["code"], reason.get("field")) if is_breach else (None, None)
                yield (command["topic"], command["partition"], command["offset"]), (event, *rule)
    for letter in records.get("dead-letters", []):
        where = [letter.header(f"dead_letter_{part}") for part in ("topic", "partition", "offset")]
        if None in where:
            continue  # A test has written it.
        rule = letter.header("dead_letter_reason"), letter.header("dead_letter_field")
        yield (where[0], int(where[1]), int(where[2])), (letter, *rule)


def is_about(answer, record):
    """Whether an answer is about this very record, and not about one that was there before it."""
    if answer.topic.endswith("dead-letters"):
        return answer.value == record.value
    reference, value = json.loads(answer.value).get("transaction_reference"), record.value or b""
    is_hidden = answer.header("ce_type").endswith(".checked") or b"data_base64" in value
    return reference is None or is_hidden or reference.encode() in value


def place(record):
    return record.topic, record.partition, record.offset
