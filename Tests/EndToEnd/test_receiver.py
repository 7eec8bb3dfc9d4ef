"""The receiver as a process: signed addresses, hints in Kafka, customers sent on."""

import json

import pytest

from callbacks import RETURN_URL, ask, callback, port_of, receiver, webhook, without_address
from commands import payment
from stories import await_notifications
from waiting import until

WEBHOOK = json.dumps(webhook("TRX-1"))


def test_it_runs_alone_without_the_provider(start_sandbox, start_worker):
    sandbox, settings = start_sandbox(), receiver()
    # Neither credentials nor a consumer.
    worker = start_worker(**sandbox.kafka_alone, **settings, ASPAYDS_ROLES="webhooks").await_ready()
    port, path = port_of(settings), callback("TRX-1")
    assert ask(port, "POST", path, WEBHOOK)[0] == 200
    status, location = ask(port, "GET", path + "?status=cancel&transaction_reference=TRX-1")
    assert (status, location) == (303, f"{RETURN_URL}?transaction_reference=TRX-1&status=cancel")
    assert ask(port, "POST", callback("TRX-1", key=bytes(32)), WEBHOOK)[0] == 404
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


@pytest.mark.own_broker("it hangs")
def test_alone_it_is_not_ready_without_a_broker(start_sandbox, start_worker):
    sandbox, settings = start_sandbox(), receiver()
    worker = start_worker(**sandbox.kafka_alone, **settings, ASPAYDS_ROLES="webhooks").await_ready()
    sandbox.freeze()
    worker.await_reason("webhooks", within=90)
    sandbox.thaw()
    worker.await_ready(within=60)
    assert worker.stop(within=20) == 0


def test_a_hint_is_verified_by_the_owner(start_sandbox, start_worker):
    sandbox, settings = start_sandbox(), receiver()
    start_worker(sandbox, **settings).await_ready()
    sandbox.cluster.send([without_address(payment("TRX-1"))])
    kinds = lambda: [event.kind for event in sandbox.cluster.events()]
    until(lambda: kinds() == ["created"], 20, lambda: f"created: {kinds()}")
    # The provider says that it is not paid, whatever the webhook says.
    assert ask(port_of(settings), "POST", callback("TRX-1"), WEBHOOK)[0] == 200
    until(lambda: len(sandbox.cluster.records("webhooks")) == 1, 10, "the webhook is stored")
    assert kinds() == ["created"]
    # Now it is, and the provider says so by itself.
    sandbox.order("POST", "payments/TRX-1/pay")
    until(lambda: kinds() == ["created", "paid"], 60, lambda: f"paid: {kinds()}")
    event = sandbox.cluster.events()[-1]
    # The schedule may be faster than the webhook.
    assert event.body["trigger"] in ("webhook", "poll") and event.body["amount_paid"] == 100
    await_notifications(sandbox.cluster, {("TRX-1", "payment.completed"): 1})
    sent = lambda: [hook["state"] for hook in sandbox.order("GET", "webhooks")["webhooks"]]
    until(lambda: sent() == ["delivered"], 20, lambda: f"delivered: {sent()}")
