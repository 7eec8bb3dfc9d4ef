"""The schemas of commands and the worker draw the same line: values on both sides of every rule.

Each goes through a worker; when the test is over, its answer is compared with what the schemas say.
"""

import itertools

import agreement
import commands
from topics import DOMAINS, everything
from waiting import until

NAMES = [
    "",
    " ",
    "\u00a0",
    "\u2028",
    "\u200b",
    "x" * 255,
    "x" * 256,
    "😀" * 255,
    "a\0",
    "a\n",
    "\x85",
]
ADDRESSES = [
    *("https://a", "HTTPS://A.example/x?y#z", "http://a?x", "http://a#x", "http://", "ftp://a"),
    *("https://[::1]/", "https://[::1]:8080/x", "https://[1]/", "https://[:]/", "https://[::1/"),
    *("https://u@a/", "https://a:0/", "https://a:65535/", "https://a:65536", "https://a:080/"),
    *("https://a:/", "https://a..b/", "https://a./", "https://-a_/", "https://é/", "https://a/é"),
    *(f"https://a/{sign}" for sign in "\"{}|^`\\<>[]~!'%\x7f \n"),
    *(" https://a", "https://a/" + "x" * 245, "https://a/" + "x" * 246, "//a", ""),
]
TIMES = [
    *("2099-01-01T00:00:00Z", "2099-01-01T00:00:00.123456789Z", "2099-01-01T00:00:00+06:00"),
    *("2099-01-01T00:00:00.1234567890Z", "2099-01-01T00:00:00.Z", "2099-01-01T00:00:00+24:00"),
    *("2099-01-01T00:00:00+23:60", "2099-01-01t00:00:00z", "2099-01-01 00:00:00Z", "2099-01-01"),
    *(
        "2099-02-29T00:00:00Z",
        "2096-02-29T00:00:00Z",
        "2099-01-01T00:00:60Z",
        "2099-01-01T24:00:00Z",
    ),
    *("2099-13-01T00:00:00Z", "2099-01-01T00:00:00", "2099-01-01T00:00:00Z\n", ""),
]
AMOUNTS = [
    *(
        "1",
        "0",
        "0.00",
        "00",
        "0.01",
        "1.",
        ".5",
        "1.00",
        "1.000",
        "1.001",
        "1e3",
        "+1",
        "-1",
        " 1",
    ),
    *("1 ", "1\n", "999999999999999", "999999999999999.99", "1000000000000000", "0" * 31 + "1"),
    *("0" * 32 + "1", "1." + "0" * 30, "1." + "0" * 31, "١", "", "1,5", 1, 0, -1, True),
]
# Currencies with other decimals than two.
EXACT = [("JPY", "1"), ("JPY", "1.0"), ("JPY", "1.5"), ("BHD", "1.001"), ("BHD", "1.0001")]
EXACT += [("BHD", "1.0010"), ("USD", "1.001"), (None, "1.001")]
CURRENCIES = ["BDT", "bdt", "BD", "BDTT", "ÄÖÜ", "BD\n", "", 1]
IDS = ["A", "A" * 64, "A" * 65, "a/b", "", "A\n", "ATINV1", 5]
REFERENCES = ["A", "a.b_c-D", "R" * 20, "R" * 21, "R" * 50, "R" * 51, "", " A", "Ä", "A\n", "A/B"]
REFERENCES += ["ATINV1", "atpay-1", "AT", "ATINX", 5]
ODD = [None, [], {}, True]

PAYMENT = {
    "amount": AMOUNTS,
    "customer_name": [*NAMES, 5],
    "callback_url": [*ADDRESSES, 5],
    "currency": CURRENCIES,
    "not_after": [*TIMES, 0],
}
PAYOUT = {
    "payout_method_id": [1, 0, -1, 1.0, "1", 2**63 - 1, 2**63],
    "recipient_name": NAMES,
    "recipient_account": [*NAMES, 1712345678],
    "description": [*NAMES, "x" * 1000, "x" * 1001],
    "callback_url": ADDRESSES[:4],
    "amount": AMOUNTS[:8],
}
TYPE, WRONG = b"aspayds.payment.create", b"aspayds.payment.pay"
HEADERS = [
    *([("ce_id", text)] for text in (b"", b"x" * 255, b"x" * 256, b"a\nb", "é".encode(), b"\xff")),
    *([("ce_specversion", text)] for text in (b"", b"1", b"1.0", b"1.0.0")),
    *([("ce_type", text)] for text in (TYPE, TYPE + b" ", b"aspayds.payment", b"x" * 1025, b"")),
    *([("content-type", text)] for text in (b"text/plain", b"x" * 1025, b"\xff")),
    *([("ce_type", TYPE), ("ce_type", second)] for second in (TYPE, WRONG, None)),
    [("content-type", b"text/plain"), ("Content-Type", b"application/json")],
    # What is wrong with these means nothing.
    *([("traceparent", text)] for text in (b"00-x", b"\xff")),
    *(
        [("aspayds_origin", text)]
        for text in (b"elsewhere", b"\xff", b"aspayds.payment.commands/0")
    ),
    [("aspayds_trigger", b"nobody")],
    [("x", None), ("x", b"\xff"), ("x", b"1")],
]


def varied():
    """Orders, each with one field on one side of a rule; each reference is used once."""
    numbers = itertools.count(1)
    for make, fields in ((commands.payment, PAYMENT), (commands.payout, PAYOUT)):
        for name, values in fields.items():
            for value in [*values, *ODD]:
                yield make(f"EDGE-{next(numbers)}", **{name: value})
    for currency, amount in EXACT:
        yield commands.payment(f"EDGE-{next(numbers)}", amount=amount, currency=currency)
    for domain, name in (("payment", "invoice_id"), ("payout", "payout_id")):
        for value in [*IDS, *ODD]:
            yield commands.command(domain, "check", None, **{name: value})
            yield commands.command(domain, "check", f"EDGE-{next(numbers)}", **{name: value})
    for reference in [*REFERENCES, *ODD]:
        yield commands.command("payment", "check", reference)
        yield commands.command("payout", "check", reference)


def structured(command, **changes):
    """A command as one JSON text, and what goes wrong there."""
    event = {"specversion": "1.0", "id": command.id, "source": "/edges"}
    event |= {"type": f"aspayds.{command.domain}.{command.type}", "data": command.value} | changes
    return {name: value for name, value in event.items() if value is not ...}


ENVELOPES = [
    *({}, {"id": ...}, {"id": ""}, {"id": 5}, {"source": ...}, {"source": ""}, {"type": ...}),
    *({"type": "aspayds.payment.pay"}, {"specversion": "0.3"}, {"specversion": ...}, {"data": []}),
    *({"data": ...}, {"data_base64": "e30="}, {"data": ..., "data_base64": "e30="}),
    *({"data": ..., "data_base64": "?"}, {"data": ..., "data_base64": 5}, {"extension": 1}),
]


def test_the_schemas_and_the_worker_judge_alike(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "2")
    cluster = sandbox.cluster
    for command in varied():
        value, reference, headers = command.encoded()
        key = reference if isinstance(reference, str) else None
        cluster.produce(f"{command.domain}.commands", value, key, headers)
    for number, headers in enumerate(HEADERS):
        value, reference, _ = commands.payment(f"HEAD-{number}").encoded()
        # At home, whatever partition that is: one that says it was forwarded is not again.
        cluster.produce("payment.commands", value, reference, headers)
    for number, changes in enumerate(ENVELOPES):
        order = commands.payment(f"ENV-{number}")
        produce_structured(cluster, structured(order, **changes), order.reference)
    cluster.flush()
    start_worker(sandbox)
    until(
        lambda: all(cluster.uncommitted(domain) == {} for domain in DOMAINS),
        120,
        lambda: f"all are passed, but {[cluster.uncommitted(domain) for domain in DOMAINS]}",
    )
    counts = {"taken": 0, "refused": 0}
    for _, code, _ in dict(agreement.answered(everything(cluster))).values():
        counts["refused" if code else "taken"] += 1
    print(counts)
    assert counts["taken"] > 80 and counts["refused"] > 150


def produce_structured(cluster, event, key):
    text = commands.json.dumps(event)
    headers = {"content-type": "application/CloudEvents+json; charset=utf-8"}
    # What a binary event says of itself means nothing in a structured one.
    headers |= {"ce_specversion": "0.3", "ce_type": "aspayds.payment.pay"}
    cluster.produce("payment.commands", text, key, headers)
