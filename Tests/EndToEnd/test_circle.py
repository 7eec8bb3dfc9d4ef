"""The whole circle: a command, its customer in a real browser, and what was verified of it."""

import pytest
from selenium.webdriver.common.by import By

from browser import chromium, require
from callbacks import callback, port_of, receiver, without_address
from commands import payment
from shop import shop
from stories import await_notifications, notifications, nothing_said_twice, stories
from waiting import until


class Circle:
    """An invoice whose customer comes back to the shop through the receiver."""

    def __init__(self, sandbox, settings, store, browser, reference):
        self.sandbox, self.store, self.browser = sandbox, store, browser
        self.reference = reference
        root = settings["ASPAYDS_PUBLIC_URL"]
        self.callback = root + callback(reference, return_url=store.callback)
        order = without_address(payment(reference, amount="100.50", return_url=store.callback))
        sandbox.cluster.send([order])
        self.await_story("created")
        self.payment_url = self.events[0].body["payment_url"]

    @property
    def events(self):
        return [
            event for event in self.sandbox.cluster.events() if event.reference == self.reference
        ]

    @property
    def story(self):
        return stories(self.sandbox.cluster).get(self.reference, [])

    def await_story(self, *kinds):
        until(lambda: self.story == list(kinds), 60, lambda: f"{kinds}: {self.story}")

    def press(self, button):
        """The customer's way: the checkout, its button, the receiver, the shop."""
        self.browser.get(self.payment_url)
        self.browser.find_element(By.ID, button).click()
        self.await_return()

    def await_return(self):
        until(lambda: self.browser.title == "Shop", 20, lambda: self.browser.current_url)

    def returned(self, status):
        """What the shop is told of a customer who returns."""
        return {"order": "7", "transaction_reference": self.reference, "status": status}


@pytest.fixture
def begin(start_sandbox, start_worker):
    """A worker with its receiver, a shop and a browser; answers how to begin a circle."""
    require()
    sandbox, settings = start_sandbox("--partitions", "2"), receiver()
    with shop() as store, chromium() as browser:
        start_worker(sandbox, **settings).await_ready()
        yield lambda reference: Circle(sandbox, settings, store, browser, reference)


def test_a_customer_pays(begin):
    circle = begin("CIRCLE-1")
    circle.press("pay")
    assert circle.store.returns == [circle.returned("success")]
    # The webhook and the customer come at the same time; nothing says which is first.
    until(lambda: len(circle.story) == 3, 60, lambda: circle.story)
    assert sorted(circle.story) == ["created", "paid", "returned"]
    paid = next(event for event in circle.events if event.kind == "paid")
    hints = circle.sandbox.cluster.records("payment.commands")[1:]
    assert {hint.header("aspayds_trigger") for hint in hints} == {"webhook", "return"}
    assert paid.body["trigger"] in {"webhook", "return", "poll"}
    assert paid.body["certainty"] == "accepted"
    assert paid.body["amount_paid"] == 100.5
    [returned] = [event for event in circle.events if event.kind == "returned"]
    assert returned.body["status"] == "success" and "certainty" not in returned.body
    nothing_said_twice(circle.sandbox.cluster)
    await_notifications(circle.sandbox.cluster, {("CIRCLE-1", "payment.completed"): 1})


def test_a_customer_who_turns_back_has_cancelled_nothing(begin):
    circle = begin("CIRCLE-2")
    sandbox, cluster = circle.sandbox, circle.sandbox.cluster

    def asked():
        return sandbox.order("GET", "requests")["by_endpoint"]

    # The address says cancel, and the provider knows nothing of it.
    before = asked()
    circle.browser.get(circle.callback + "?status=cancel&transaction_reference=CIRCLE-2")
    circle.await_return()
    assert circle.store.returns == [circle.returned("cancel")]
    until(lambda: asked() != before and not cluster.uncommitted("payment"), 30, "it was asked for")
    assert circle.story == ["created", "returned"]
    assert circle.events[1].body["status"] == "cancel"

    # Now it is cancelled there, which is no end: the customer comes again and pays.
    circle.press("cancel")
    circle.await_story("created", "returned", "cancelled")
    assert circle.events[-1].body["trigger"] in {"return", "poll"}
    assert notifications(cluster) == {}
    circle.press("pay")
    until(lambda: "paid" in circle.story, 60, lambda: circle.story)
    await_notifications(cluster, {("CIRCLE-2", "payment.completed"): 1})
    assert [call["status"] for call in circle.store.returns] == ["cancel", "cancel", "success"]
