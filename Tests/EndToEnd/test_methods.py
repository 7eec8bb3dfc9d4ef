"""The payout methods: told when they change, and what they say holds before anything is sent."""

from commands import payout
from waiting import until


def ending(cluster, order):
    """What became of a payout, when that is known."""
    kinds = "refused", "requested"
    found = [e for e in cluster.events() if e.kind in kinds and e.command == order.id]
    return found[0] if found else None


def sent(sandbox):
    """How many payouts the provider was asked to make."""
    counts = sandbox.order("GET", "requests")["by_endpoint"].get("POST /payout/request", {})
    return sum(counts.values())


REFUSED = [
    ({"payout_method_id": 99}, "payout_method_id", "is 99; the provider has 1 (bKash)"),
    ({"amount": 99}, "amount", "is 99; bKash takes 100 to "),
    ({"amount": 900000}, "amount", "is 900000; bKash takes 100 to "),
    ({"currency": "USD"}, "currency", "is USD; bKash pays out in BDT"),
]


def test_what_the_methods_exclude_is_refused_and_never_sent(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "2")
    cluster = sandbox.cluster
    workers = [start_worker(sandbox, ASPAYDS_ROLES="payouts") for _ in range(2)]
    (event,) = until(cluster.methods, 30, "the methods are told")
    assert event.key is None and event.body["trigger"] == "poll"
    methods = {method["id"]: method for method in event.body["methods"]}
    assert methods[1]["name"] == "bKash" and methods[1]["currency"] == "BDT"

    orders = [payout(f"OUT-{number}", **case[0]) for number, case in enumerate(REFUSED)]
    cluster.send(orders)
    for order, (_, field, message) in zip(orders, REFUSED):
        event = until(lambda: ending(cluster, order), 30, f"an end of {order.reference}")
        assert (event.kind, event.body["certainty"]) == ("refused", "refused")
        assert (event.reason["code"], event.reason["field"]) == ("invalid_field", field)
        assert message in event.reason["message"]
    assert (sent(sandbox), sandbox.executed) == (0, 0)

    # A later command may try the reference again; one that was accepted stays so, whatever it says.
    again = payout("OUT-0")
    cluster.send([again])
    until(lambda: ending(cluster, again), 30, "the second command is accepted")
    assert ending(cluster, again).kind == "requested"
    assert sandbox.executed == 1
    for worker in workers:
        assert worker.stop(within=25) == 0


def test_a_change_of_the_methods_is_told(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "1")
    cluster = sandbox.cluster
    start_worker(sandbox, ASPAYDS_ROLES="payouts")
    until(cluster.methods, 30, "the methods are told")
    sandbox.order("POST", "settings", {"payout_methods": 1})
    # So many failures make the worker ask for the list, which is the same for those who ask again.
    for round in range(2):
        cluster.send([payout(f"SBX-503-{round}-{number}") for number in range(6)])
        until(lambda: requests_for_methods(sandbox) > round + 1, 30, "the list is asked for")
    until(lambda: len(cluster.methods()) > 1, 30, "the change is told")
    assert [len(event.body["methods"]) for event in cluster.methods()] == [3, 1]
    other = payout("OTHER-1", payout_method_id=2)
    cluster.send([other])
    until(lambda: ending(cluster, other), 30, "it is judged by the new list")
    assert ending(cluster, other).reason["field"] == "payout_method_id"


def requests_for_methods(sandbox):
    """How often the provider was asked for its methods."""
    counts = sandbox.order("GET", "requests")["by_endpoint"].get("GET /payout/methods", {})
    return sum(counts.values())


def test_methods_that_cannot_be_had_block_nothing(start_sandbox, start_worker):
    sandbox = start_sandbox("--partitions", "1")
    sandbox.break_with({"fault": "500", "endpoint": "methods"})
    start_worker(sandbox, ASPAYDS_ROLES="payouts")
    orders = [payout("NONE-1"), payout("NONE-2", payout_method_id=99)]
    sandbox.cluster.send(orders)
    ends = [
        until(lambda: ending(sandbox.cluster, order), 30, f"an end of {order.reference}")
        for order in orders
    ]
    assert [end.kind for end in ends] == ["requested", "refused"]
    # It was the provider that refused.
    assert ends[1].reason["http_status"] == 422 and sent(sandbox) == 2
    assert sandbox.cluster.methods() == []
