"""The receiver as a process: signed addresses, hints in Kafka, customers sent on."""

import base64
import hashlib
import hmac
import http.client
import json

import pytest

from commands import payment
from processes import free_port
from waiting import until

KEY = bytes(range(32))
RETURN_URL = "https://shop.example/thanks"
WEBHOOK = {"event": "payment.completed", "data": {"transaction_reference": "TRX-1"}}


def callback(reference, key=KEY, domain=0, return_url=""):
    """The path of a callback address, signed here independently of the program."""
    signed = bytes([1, 2]) + b"k1" + bytes([domain, len(reference)]) + reference.encode()
    signed += return_url.encode()
    token = signed + hmac.new(key, signed, hashlib.sha256).digest()
    return "/callback/" + base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def ask(port, method, path, body=None):
    """One request without following redirects; answers the status and the `Location`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("Location")
    finally:
        connection.close()


@pytest.fixture
def receiver():
    """The settings of a receiver on a free port."""
    port = free_port()
    return {
        "ASPAYDS_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "ASPAYDS_CALLBACK_KEYS": "k1:" + base64.b64encode(KEY).decode(),
        "ASPAYDS_RETURN_URL": RETURN_URL,
        "ASPAYDS_HTTP_PORT": str(port),
    }


def test_it_runs_alone_without_the_provider(start_sandbox, start_worker, receiver):
    sandbox = start_sandbox()
    # Neither credentials nor a consumer.
    servers = {"KAFKA_BOOTSTRAP_SERVERS": sandbox.environment["KAFKA_BOOTSTRAP_SERVERS"]}
    worker = start_worker(**servers, **receiver, ASPAYDS_ROLES="webhooks").await_ready()
    port = int(receiver["ASPAYDS_HTTP_PORT"])
    path = callback("TRX-1")
    assert ask(port, "POST", path, json.dumps(WEBHOOK))[0] == 200
    status, location = ask(port, "GET", path + "?status=cancel&transaction_reference=TRX-1")
    assert (status, location) == (303, f"{RETURN_URL}?transaction_reference=TRX-1&status=cancel")
    assert ask(port, "POST", callback("TRX-1", key=bytes(32)), json.dumps(WEBHOOK))[0] == 404
    cluster = sandbox.cluster
    assert [r.header("aspayds_verdict") for r in cluster.records("webhooks")] == ["checked"] * 2
    checks = cluster.records("payment.commands")
    assert [r.header("aspayds_trigger") for r in checks] == ["webhook", "return"]
    assert len({r.partition for r in checks}) == 1
    [event] = cluster.records("payment.events")
    assert event.kind == "returned" and event.body["status"] == "cancel"
    assert path.removeprefix("/callback/") not in worker.output
    assert sandbox.executed == 0
    assert worker.stop(within=20) == 0


def test_a_hint_is_verified_by_the_owner(start_sandbox, start_worker, receiver):
    sandbox = start_sandbox()
    start_worker(sandbox, **receiver).await_ready()
    command = payment("TRX-1")
    del command.value["callback_url"]
    sandbox.cluster.send([command])
    kinds = lambda: [event.kind for event in sandbox.cluster.events()]
    until(lambda: kinds() == ["created"], 20, lambda: f"created: {kinds()}")
    port = int(receiver["ASPAYDS_HTTP_PORT"])
    # The provider says that it is not paid, whatever the webhook says.
    assert ask(port, "POST", callback("TRX-1"), json.dumps(WEBHOOK))[0] == 200
    until(lambda: len(sandbox.cluster.records("webhooks")) == 1, 10, "the webhook is stored")
    assert kinds() == ["created"]
    # Now it is, and the provider says so by itself.
    sandbox.order("POST", "payments/TRX-1/pay")
    until(lambda: kinds() == ["created", "paid"], 30, lambda: f"paid: {kinds()}")
    event = sandbox.cluster.events()[-1]
    assert event.body["trigger"] == "webhook" and event.body["amount_paid"] == 100
    [notification] = sandbox.cluster.records("notifications")
    assert json.loads(notification.value)["event"] == "payment.completed"
    assert sandbox.order("GET", "webhooks")["webhooks"][0]["state"] == "delivered"
