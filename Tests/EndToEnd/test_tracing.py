"""W3C Trace Context: from the command to the provider and to everything that is published of it."""

import json

from commands import check, payment, payout
from waiting import until

STATE = "shop=t61rcWkgMzE,rojo@x=00f067aa0ba902b7"
EVENTS = {"payment": "created", "payout": "requested"}


def trace(number):
    """A trace that no other command has."""
    return f"00-{number:032x}-{number:016x}-01"


def binary(command, parent, prefix=""):
    value, key, headers = command.encoded()
    headers |= {f"{prefix}traceparent": parent, f"{prefix}tracestate": STATE}
    return value, key, headers


def by_extension(command, parent):
    """By the names that CloudEvents gives its extension in the headers of Kafka."""
    return binary(command, parent, "ce_")


def structured(command, parent):
    event = {
        "specversion": "1.0",
        "id": command.id,
        "source": "/shop",
        "type": f"aspayds.{command.domain}.{command.type}",
        "traceparent": parent,
        "tracestate": STATE,
        "data": command.value,
    }
    return json.dumps(event), command.reference, {"content-type": "application/cloudevents+json"}


def bare(command, parent):
    value, key, _ = command.encoded()
    return value, key, {"traceparent": parent, "tracestate": STATE}


FORMS = [binary, by_extension, structured, bare]


def told(record):
    return record.header("traceparent"), record.header("tracestate")


def asked(sandbox, reference=None, path=None):
    """The trace headers of the requests about an order that the provider has got."""
    return [
        (request["headers"].get("traceparent"), request["headers"].get("tracestate"))
        for request in sandbox.order("GET", "requests/last")["requests"]
        if reference is None or request["reference"] == reference
        if path is None or path in request["path"]
    ]


def test_a_trace_goes_on_whatever_form_the_command_has(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "2")
    cluster = sandbox.cluster
    traces = {}
    for number, form in enumerate(FORMS, 1):
        for make in (payment, payout):
            order = make(f"{form.__name__}-{make.__name__}"[:20])
            traces[order.reference] = trace(number)
            cluster.produce(f"{order.domain}.commands", *form(order, trace(number)))
    plain, odd = payment("UNTRACED"), payment("ODD")
    cluster.send([plain])
    value, key, headers = odd.encoded()
    # What is not valid counts for nothing, and spoils nothing.
    headers |= {"traceparent": trace(0), "tracestate": STATE}
    cluster.produce("payment.commands", value, key, headers)
    cluster.flush()
    worker = start_worker(sandbox, ASPAYDS_LOG_LEVEL="debug")
    until(lambda: len(cluster.events()) == len(traces) + 2, 60, lambda: cluster.events())

    for event in cluster.events():
        assert event.kind == EVENTS[event.domain]
        parent = traces.get(event.reference)
        expected = (parent, STATE if parent else None)
        assert told(event) == expected, event.reference
        assert asked(sandbox, event.reference) == [expected]
        [line] = [
            line
            for line in worker.said("event")
            if line.get("reference") == event.reference
        ]
        assert line.get("trace_id") == (parent and parent[3:35])
    assert [r for r in asked(sandbox, path="payout/methods") if r != (None, None)] == []


def test_answers_to_what_is_refused_asked_and_repeated_have_the_traces_of_their_commands(
    start_sandbox, start_worker
):
    sandbox = start_sandbox("--partitions", "2")
    cluster = sandbox.cluster
    order = payout("ORDER-1")
    cluster.produce("payout.commands", *binary(order, trace(1)))
    cluster.flush()
    start_worker(sandbox)
    until(cluster.events, 60, "the order is taken")
    question = check(order)
    other = payout("ORDER-1", amount=7)
    wrong = payout("WRONG-1", amount=-1)
    for number, command in enumerate([order, question, other, wrong], 2):
        cluster.produce("payout.commands", *structured(command, trace(number)))
    headers = [("traceparent", trace(6).encode()), ("tracestate", STATE.encode())]
    cluster.produce("payout.commands", "no JSON", "DEAD-1", headers)
    dead = structured(payout("DEAD-2", surprise=1), trace(7))[0].replace("DEAD-2", "not a name")
    cluster.produce("payout.commands", dead, "DEAD-2", [("content-type", b"application/cloudevents+json")])
    cluster.flush()
    until(lambda: len(cluster.events()) == 5, 60, lambda: cluster.events())
    letters = until(lambda: len(found := cluster.records("dead-letters")) == 2 and found, 30, "letters")

    found = {told(event): (event.kind, event.reason.get("code")) for event in cluster.events()}
    assert found == {
        (trace(1), STATE): ("requested", None),
        # The same event, for whoever sends the order again.
        (trace(2), STATE): ("requested", None),
        (trace(3), STATE): ("checked", None),
        (trace(4), STATE): ("refused", "reference_conflict"),
        (trace(5), STATE): ("refused", "invalid_field"),
    }
    assert len({event.id for event in cluster.events()}) == 4
    assert {letter.key: told(letter) for letter in letters} == {
        b"DEAD-1": (trace(6), STATE),
        b"DEAD-2": (trace(7), STATE),
    }
    assert (trace(3), STATE) in asked(sandbox, path="/api/payout/ORDER-1")


def test_later_states_and_notifications_have_the_trace_of_their_order(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "2")
    cluster = sandbox.cluster
    order = payout("LATER-1")
    cluster.produce("payout.commands", *binary(order, trace(1)))
    cluster.flush()
    worker = start_worker(sandbox)
    until(cluster.events, 60, "the order is taken")
    assert worker.stop(within=25) == 0
    [event] = cluster.events()
    sandbox.order("POST", f"payouts/{event.provider_id}/process")
    sandbox.order("POST", f"payouts/{event.provider_id}/complete")

    # Another one, that knows of it from the ledger alone.
    start_worker(sandbox)
    until(lambda: len(cluster.events()) == 2, 60, lambda: cluster.events())
    assert [(event.kind, told(event)) for event in cluster.events()] == [
        ("requested", (trace(1), STATE)),
        ("completed", (trace(1), STATE)),
    ]
    notifications = until(lambda: cluster.records("notifications"), 10, "it is notified")
    assert [told(record) for record in notifications] == [(trace(1), STATE)]


def test_a_doubt_keeps_its_trace_when_its_worker_is_killed(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "1")
    cluster = sandbox.cluster
    # Never answered, and not executed: once this is certain, the payment is sent again.
    sandbox.break_with({"fault": "timeout-before", "endpoint": "create", "times": 2})
    orders = {order.reference: trace(n) for n, order in enumerate([payment("P-1"), payout("W-1")], 1)}
    for order in (payment("P-1"), payout("W-1")):
        cluster.produce(f"{order.domain}.commands", *bare(order, orders[order.reference]))
    cluster.flush()
    worker = start_worker(sandbox, ASPAYDS_REQUEST_TIMEOUT="30s")
    until(
        lambda: all(asked(sandbox, reference) for reference in orders),
        60,
        "both are on their way",
    )
    worker.kill()
    assert cluster.events() == []

    worker = start_worker(sandbox, ASPAYDS_SETTLE_WINDOW="3s")
    kinds = lambda: {(event.reference, event.kind) for event in cluster.events()}
    until(lambda: {("P-1", "created"), ("W-1", "needs_review")} <= kinds(), 90, kinds)
    assert {("P-1", "in_doubt"), ("W-1", "in_doubt")} <= kinds()
    for event in cluster.events():
        assert told(event) == (orders[event.reference], STATE), event.kind
    assert asked(sandbox, "P-1") == [(orders["P-1"], STATE)] * 2
    # Each was looked up by itself, and so in its own trace.
    for domain, reference in (("payment", "P-1"), ("payout", "W-1")):
        lookups = asked(sandbox, path=f"/{domain}/batch/status")
        assert lookups and set(lookups) == {(orders[reference], STATE)}
