"""Ten thousand webhooks about one payout, over real HTTP."""

import asyncio
import itertools
import json
import time

from callbacks import callback, port_of, receiver, webhook
from commands import payout
from stories import ends, nothing_said_twice, stories
from waiting import until

WEBHOOKS = 10_000
CONNECTIONS = 32
# Hints about one reference are followed ever more seldom: 2, 4, 8, … s apart.
POLLS = 12
REQUESTED = {"STORM-1": ["requested"]}
EVENTS = "completed", "processing", "rejected", "cancelled"


def request(event):
    """A webhook as it goes over the wire."""
    body = json.dumps(webhook("STORM-1", f"payout.{event}"))
    path = callback("STORM-1", domain="payout")
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}"
    return f"{head}\r\n\r\n{body}".encode()


async def storm(port, count):
    """Sends every event in turn over a few connections; answers how often each status came."""
    requests = itertools.cycle([request(event) for event in EVENTS])
    statuses = {}

    async def client(share):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(share):
            writer.write(next(requests))
            answer = await reader.readuntil(b"\r\n\r\n")
            status = int(answer.split()[1])
            statuses[status] = statuses.get(status, 0) + 1
            fields = dict(line.lower().split(b": ", 1) for line in answer.splitlines()[1:-1])
            await reader.readexactly(int(fields.get(b"content-length", 0)))
        writer.close()

    shares = [
        count // CONNECTIONS + (number < count % CONNECTIONS) for number in range(CONNECTIONS)
    ]
    await asyncio.gather(*(client(share) for share in shares))
    return statuses


def test_a_storm_of_webhooks_costs_a_handful_of_requests(start_sandbox, start_worker):
    sandbox, settings = start_sandbox("--partitions", "2"), receiver()
    cluster = sandbox.cluster
    start_worker(sandbox, **settings).await_ready()
    cluster.send([payout("STORM-1")])
    until(lambda: stories(cluster) == REQUESTED, 60, lambda: stories(cluster))

    def asked():
        return sandbox.order("GET", "requests")["total"]

    before, began = asked(), time.monotonic()
    half = WEBHOOKS // 2
    assert asyncio.run(storm(port_of(settings), half)) == {200: half}
    # Until here all of them were lies.
    assert stories(cluster) == REQUESTED
    sandbox.order("POST", "payouts/STORM-1/complete")
    assert asyncio.run(storm(port_of(settings), half)) == {200: half}
    took = time.monotonic() - began
    until(lambda: ends(cluster) == {"STORM-1": "completed"}, 90, lambda: stories(cluster))
    until(lambda: not cluster.uncommitted("payout"), 30, "every hint is read")
    cost, hints = asked() - before, len(cluster.records("payout.commands")) - 1
    print(f"{WEBHOOKS} webhooks in {took:.1f} s: {hints} hints, {cost} requests to the provider")
    assert cost <= POLLS
    assert stories(cluster) == {"STORM-1": ["requested", "completed"]}
    nothing_said_twice(cluster)
