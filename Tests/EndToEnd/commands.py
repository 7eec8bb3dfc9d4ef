"""Commands as a platform would publish them: CloudEvents in binary mode, keyed by the reference."""

import itertools
import json
from dataclasses import dataclass

# No account ends in four digits that another number of these tests has in full.
ACCOUNT_PREFIX = "0179"
accounts = itertools.count(1)
ids = itertools.count(1)


@dataclass(frozen=True)
class Command:
    domain: str
    type: str
    reference: str
    value: dict
    id: str

    def encoded(self):
        """Value, key and headers of its record."""
        headers = {
            "ce_specversion": "1.0",
            "ce_id": self.id,
            "ce_source": "/end-to-end",
            "ce_type": f"aspayds.{self.domain}.{self.type}",
        }
        return json.dumps(self.value), self.reference, headers


def command(domain, type, transaction_reference, **fields):
    """A command of any kind, with an id of its own."""
    value = {"transaction_reference": transaction_reference} | fields
    return Command(domain, type, transaction_reference, value, f"command-{next(ids)}")


def payment(reference, amount=100, **fields):
    """An invoice to be created."""
    fields = {"customer_name": "Rahim Uddin", "callback_url": "https://shop.example/cb"} | fields
    return command("payment", "create", reference, amount=amount, **fields)


def payout(reference, amount=500, **fields):
    """A payout to be requested, each to another account."""
    account = f"{ACCOUNT_PREFIX}{next(accounts):07d}"
    fields = {
        "payout_method_id": 1,
        "recipient_name": "Karima Begum",
        "recipient_account": account,
    } | fields
    return command("payout", "request", reference, amount=amount, **fields)


def check(order):
    """A question about an order, by its reference."""
    return command(order.domain, "check", order.reference)


def mixed(count, prefix="E2E", **fields):
    """Payments and payouts in turn, each with an amount of its own."""
    return [
        (payment if number % 2 else payout)(f"{prefix}-{number}", amount=100 + number, **fields)
        for number in range(count)
    ]
