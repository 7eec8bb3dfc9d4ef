"""Waiting for what a test expects, with a deadline."""

import time

INTERVAL = 0.05


def until(condition, within, what):
    """Asks until the answer is true, and returns it; fails with `what` after `within` seconds.

    `what` may be a function that tells how far it got.
    """
    deadline = time.monotonic() + within
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what() if callable(what) else what}")
        time.sleep(INTERVAL)
