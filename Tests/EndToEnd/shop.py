"""A shop on a free port: where customers return to, and where webhooks arrive."""

import contextlib
import http.server
import json
import threading
import urllib.parse


class Shop(http.server.ThreadingHTTPServer):
    """Keeps the parameters of every return, and every webhook."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Counter)
        self.returns, self.webhooks = [], []

    @property
    def callback(self):
        return f"http://127.0.0.1:{self.server_port}/callback?order=7"


class Counter(http.server.BaseHTTPRequestHandler):
    """Serves one customer, or takes one webhook."""

    def do_GET(self):
        address = urllib.parse.urlsplit(self.path)
        if address.path == "/callback":
            self.server.returns.append(dict(urllib.parse.parse_qsl(address.query)))
        self.answer(b"<!doctype html><html lang=en><title>Shop</title><h1>Thank you</h1>")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.webhooks.append((dict(self.headers), json.loads(body)))
        self.answer(b"")

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing."""


@contextlib.contextmanager
def shop():
    """A shop that is closed at the end of the block."""
    with Shop() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
