"""What was said of each reference after it was accepted, and to whom."""

import json
from collections import Counter

from waiting import until

NAMES = {("payment", "paid"): "payment.completed"} | {
    ("payout", kind): f"payout.{kind}"
    for kind in ("processing", "completed", "rejected", "cancelled")
}


def stories(cluster):
    """The kinds of each reference's events, in order; what came again with the same id counts once."""
    told, seen = {}, set()
    for event in cluster.events():
        if event.id not in seen:
            seen.add(event.id)
            told.setdefault(event.reference, []).append(event.kind)
    return told


def ends(cluster):
    """The last verified word on each reference."""
    return {
        reference: [kind for kind in story if kind != "returned"][-1]
        for reference, story in stories(cluster).items()
    }


def nothing_said_twice(cluster):
    """Each state of a reference has one event, in order, and one notification where it has any."""
    told = stories(cluster)
    assert {name: story for name, story in told.items() if len(set(story)) != len(story)} == {}
    events = {event.id: event for event in cluster.events()}
    sequences = {}
    for event in events.values():
        sequences.setdefault(event.reference, []).append(event.body.get("sequence"))
    for reference, numbers in sequences.items():
        numbers = [number for number in numbers if number is not None]
        assert numbers == sorted(set(numbers)), reference
    expected = Counter(
        (event.reference, NAMES[event.domain, event.kind])
        for event in events.values()
        if (event.domain, event.kind) in NAMES
    )
    await_notifications(cluster, expected)


def await_notifications(cluster, expected):
    """An event may be seen a moment before its notification, which lies in another topic."""
    until(lambda: notifications(cluster) == expected, 10, lambda: notifications(cluster))


def notifications(cluster):
    """How often each notification was published, by reference and name; once for each id."""
    records = {record.header("event_id"): record for record in cluster.records("notifications")}
    bodies = [json.loads(record.value) for record in records.values()]
    return Counter((body["data"]["transaction_reference"], body["event"]) for body in bodies)
