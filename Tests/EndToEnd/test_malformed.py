"""Records that are no commands, in between good ones: told, kept byte for byte, and passed."""

import json

from commands import payment
from waiting import until

TOPIC = "payment.commands"
TYPE = {"ce_specversion": "1.0", "ce_type": "aspayds.payment.create"}


def body(reference, **fields):
    value = payment(reference).value | fields
    return json.dumps({name: field for name, field in value.items() if field is not None})


def twice(reference, name):
    """A valid body in which one field is there a second time."""
    text = body(reference)
    return f'{text[:-1]}, "{name}": {json.dumps(json.loads(text)[name])}}}'


# What cannot be answered, because there is no reference that can be trusted: value and reason.
DEAD = {
    b"TOMBSTONE": (None, "not_json"),
    b"EMPTY": (b"", "not_json"),
    b"TEXT": (b"no JSON", "not_json"),
    b"INVALID-UTF8": (b'{"transaction_reference":"B-\xff"}', "invalid_utf8"),
    b"TRUNCATED": (b'{"transaction_reference":"B-1","amount":', "not_json"),
    b"ARRAY": (b"[1,2]", "not_an_object"),
    b"HUGE": (body("B-2", customer_name="x" * 70 * 1024).encode(), "too_large"),
    b"TWO-NAMES": (twice("B-3", "transaction_reference").encode(), "duplicate_key"),
    b"NO-NAME": (body("B-4", transaction_reference=None).encode(), "missing_field"),
    b"LONG-NAME": (body("B" * 21).encode(), "invalid_field"),
    b"\xff\x00": (b"\x00\x01\x02", "not_json"),
}

# What is answered, because its reference can be read: value, headers, reason and field.
REFUSED = {
    "R-TWICE": (twice("R-TWICE", "amount"), TYPE, "duplicate_key", "amount"),
    "R-TYPE": (body("R-TYPE"), TYPE | {"ce_type": "aspayds.payment.pay"}, "unknown_type", "ce_type"),
    "R-TOPIC": (
        body("R-TOPIC"),
        TYPE | {"ce_type": "aspayds.payout.request"},
        "wrong_topic",
        "ce_type",
    ),
    "R-VERSION": (
        body("R-VERSION"),
        TYPE | {"ce_specversion": "0.3"},
        "invalid_envelope",
        "ce_specversion",
    ),
    "R-OBJECT": (body("R-OBJECT", amount={"value": 1}), TYPE, "invalid_field", "amount"),
    "R-NEGATIVE": (body("R-NEGATIVE", amount=-5), TYPE, "invalid_field", "amount"),
    "R-EXACT": (body("R-EXACT", amount="1.001"), TYPE, "invalid_field", "amount"),
    "R-MISSING": (body("R-MISSING", customer_name=None), TYPE, "missing_field", "customer_name"),
    "R-UNKNOWN": (body("R-UNKNOWN", ammount=5), TYPE, "unknown_field", "ammount"),
}
OTHER_KEY = "R-KEY"


def test_good_commands_pass_in_between_bad_ones(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "1")
    cluster = sandbox.cluster
    good = produce(cluster)
    worker = start_worker(sandbox)
    until(
        lambda: sandbox.totals["payments"] >= len(good)
        and len(cluster.records("dead-letters")) >= len(DEAD)
        and cluster.uncommitted("payment") == {},
        30,
        lambda: f"{sandbox.totals}, {len(cluster.records('dead-letters'))} dead letters",
    )
    worker.await_ready()

    events = {event.reference: event for event in cluster.events()}
    created = {reference for reference, event in events.items() if event.kind == "created"}
    assert created == good == {line["reference"] for line in sandbox.executions}
    for letter in check_dead_letters(cluster):
        assert letter.key in DEAD
    for reference, (_, _, code, field) in REFUSED.items():
        event = events[reference]
        assert event.kind == "refused"
        assert (event.reason["code"], event.reason.get("field")) == (code, field), reference
        assert event.reason["message"]
    assert events[OTHER_KEY].reason["code"] == "key_mismatch"
    assert set(events) == good | set(REFUSED) | {OTHER_KEY}


def produce(cluster):
    """A good command before each bad one and after the last; answers the good references."""
    good = set()

    def produce_good(key="same", headers=None):
        reference = f"GOOD-{len(good)}"
        good.add(reference)
        cluster.produce(TOPIC, body(reference), reference if key == "same" else key, headers)

    for key, (value, _) in DEAD.items():
        produce_good()
        cluster.produce(TOPIC, value, key, [("x-trace", b"\x00\xfe"), ("x-null", None)])
    for reference, (value, headers, _, _) in REFUSED.items():
        produce_good()
        cluster.produce(TOPIC, value, reference, headers)
    cluster.produce(TOPIC, body(OTHER_KEY), "ANOTHER", TYPE)
    produce_good(key=None)
    produce_good(key=b"")
    produce_good(headers=[("ce_specversion", None), ("x-null", None), ("", b"")])
    cluster.flush()
    return good


def check_dead_letters(cluster):
    """Each is the record as it was, with the reason and the place in headers after its own."""
    source = {(record.partition, record.offset): record for record in cluster.records(TOPIC)}
    letters = cluster.records("dead-letters")
    assert len(letters) == len(DEAD)
    for letter in letters:
        place = int(letter.header("dead_letter_partition")), int(letter.header("dead_letter_offset"))
        original = source[place]
        assert (letter.key, letter.value) == (original.key, original.value)
        assert letter.headers[: len(original.headers)] == original.headers
        assert letter.header("dead_letter_topic") == original.topic
        assert letter.header("dead_letter_reason") == DEAD[letter.key][1], letter.key
        assert letter.header("dead_letter_message")
    return letters
