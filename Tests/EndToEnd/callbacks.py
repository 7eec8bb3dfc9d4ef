"""The receiver of a worker: its settings, the addresses that it has signed, requests to them."""

import base64
import hashlib
import hmac
import http.client

from processes import free_port

KEY = bytes(range(32))
RETURN_URL = "https://shop.example/thanks"
DOMAINS = {"payment": 0, "payout": 1}


def receiver():
    """The settings of a worker that receives on a free port."""
    port = free_port()
    return {
        "ASPAYDS_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "ASPAYDS_CALLBACK_KEYS": "k1:" + base64.b64encode(KEY).decode(),
        "ASPAYDS_RETURN_URL": RETURN_URL,
        "ASPAYDS_HTTP_PORT": str(port),
    }


def port_of(settings):
    return int(settings["ASPAYDS_HTTP_PORT"])


def callback(reference, key=KEY, domain="payment", return_url=""):
    """The path of a callback address, signed here independently of the program."""
    signed = bytes([1, 2]) + b"k1" + bytes([DOMAINS[domain], len(reference)]) + reference.encode()
    signed += return_url.encode()
    token = signed + hmac.new(key, signed, hashlib.sha256).digest()
    return "/callback/" + base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def webhook(reference, event="payment.completed"):
    """What a webhook says, true or not."""
    return {"event": event, "data": {"transaction_reference": reference}}


def without_address(command):
    """The command with no callback address of its own, so that it is given one of the worker's."""
    del command.value["callback_url"]
    return command


def ask(port, method, path, body=None):
    """One request without following redirects; answers the status and the `Location`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("Location")
    finally:
        connection.close()
