"""The sandbox's checkout and console in a real browser."""

import json
import urllib.request

import pytest
from selenium.webdriver.common.by import By

from browser import chromium
from shop import shop
from waiting import until

NAME = "<script>document.title='owned'</script> O'Hara & Söhne"


def create(sandbox, kind, **fields):
    """What a worker would send to the provider; the answer."""
    keys = sandbox.environment
    request = urllib.request.Request(
        f"{sandbox.root}/api/{kind}",
        data=json.dumps(fields).encode(),
        headers={
            "Content-Type": "application/json",
            "x-api-key": keys["ASPAYDS_API_KEY"],
            "x-api-secret": keys["ASPAYDS_API_SECRET"],
        },
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def invoice(sandbox, reference, callback):
    return create(
        sandbox,
        "payment/create",
        amount=100.5,
        customer_name=NAME,
        transaction_reference=reference,
        callback_url=callback,
    )


def payout(sandbox, reference, callback):
    return create(
        sandbox,
        "payout/request",
        payout_method_id=1,
        amount=500,
        recipient_name="Karim",
        recipient_account="01712345678",
        transaction_reference=reference,
        callback_url=callback,
    )


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_a_customer_cancels_and_then_pays(start_sandbox, javascript):
    sandbox = start_sandbox("--no-kafka")
    with shop() as store, chromium(javascript) as browser:
        created = invoice(sandbox, "SHOP-1", store.callback)
        returned = {
            "order": "7",
            "invoice_id": created["invoice_id"],
            "transaction_reference": "SHOP-1",
        }

        def press(button):
            browser.get(created["payment_url"])
            browser.find_element(By.ID, button).click()
            until(lambda: browser.title == "Shop", 20, lambda: browser.current_url)

        browser.get(created["payment_url"])
        assert browser.title == "Checkout"
        assert browser.find_element(By.ID, "amount").text == "100.50 BDT"
        assert browser.find_element(By.ID, "customer").text == NAME

        press("cancel")
        assert store.returns == [returned | {"status": "cancel"}]
        assert store.webhooks == []
        press("pay")
        assert store.returns[1:] == [returned | {"status": "success"}]

        until(lambda: store.webhooks, 20, "the webhook")
        headers, body = store.webhooks[0]
        assert headers["X-Webhook-Event"] == body["event"] == "payment.completed"
        assert body["data"]["transaction_reference"] == "SHOP-1"
        browser.get(created["payment_url"])
        assert browser.find_element(By.ID, "state").text == "This invoice is paid."
        assert browser.find_elements(By.TAG_NAME, "button") == []


def test_the_console_shows_what_happens_without_a_reload(start_sandbox):
    sandbox = start_sandbox("--no-kafka")
    with shop() as store, chromium() as browser:

        def page():
            # In one go: an element may be replaced between finding and reading it.
            return browser.execute_script("return document.querySelector('main')?.innerText ?? ''")

        browser.get(sandbox.root)
        assert "0 executed" in page()
        payout(sandbox, "WD-1", store.callback)
        invoice(sandbox, "SHOP-2", store.callback)
        until(lambda: "WD-1" in page() and NAME in page(), 20, page)
        assert browser.title == "aspayds sandbox"

        button = "button[aria-label='Complete WD-1']"
        browser.execute_script("document.querySelector(arguments[0]).click()", button)
        until(lambda: "payout.completed" in page() and "delivered" in page(), 20, page)
        assert [body["event"] for _, body in store.webhooks] == ["payout.completed"]
        assert "01712345678" not in page()


def test_the_console_switches_faults(start_sandbox):
    sandbox = start_sandbox("--no-kafka")
    with chromium(javascript=False) as browser:
        browser.get(sandbox.root)
        form = browser.find_element(By.CSS_SELECTOR, "form[action='/console/faults']")
        form.find_element(By.CSS_SELECTOR, "option[value='503']").click()
        form.find_element(By.TAG_NAME, "button").click()
        until(lambda: sandbox.order("GET", "faults"), 20, "the fault is on")
        assert sandbox.order("GET", "faults")[0]["fault"] == "503"
        browser.find_element(By.CSS_SELECTOR, "button[name='clear']").click()
        until(lambda: not sandbox.order("GET", "faults"), 20, "the fault is off")


@pytest.mark.parametrize("path", ["/", "checkout"])
def test_a_page_can_be_used_by_everyone(start_sandbox, path):
    """What a screen reader needs: a language, one heading, a name for every control."""
    sandbox = start_sandbox("--no-kafka")
    with shop() as store, chromium() as browser:
        created = invoice(sandbox, "SHOP-3", store.callback)
        payout(sandbox, "WD-3", store.callback)
        browser.get(sandbox.root if path == "/" else created["payment_url"])
        # While the focus is in it, the console replaces nothing.
        browser.execute_script("document.querySelector('#live button')?.focus()")

        def find(selector):
            return browser.find_elements(By.CSS_SELECTOR, selector)

        assert find("html")[0].get_attribute("lang") == "en"
        assert len(find("h1")) == len(find("main")) == 1
        names = [button.accessible_name for button in find("button")]
        assert all(names)
        in_tables = [button.accessible_name for button in find("table button")]
        assert len(set(in_tables)) == len(in_tables)
        assert all(control.accessible_name for control in find("input, select"))
        assert all(table.find_elements(By.TAG_NAME, "caption") for table in find("table"))
        errors = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
        assert errors == []
