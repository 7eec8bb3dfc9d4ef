"""What must not be seen: the key, the secret, and a recipient's whole account number."""

import re

from commands import ACCOUNT_PREFIX

FORBIDDEN = re.compile(rf"sandbox-key|sandbox-secret|{ACCOUNT_PREFIX}\d{{7}}")


def in_text(text, place):
    """Fails with the line that tells one."""
    told = [line for line in text.splitlines() if FORBIDDEN.search(line)]
    assert told == [], f"{place} tells a secret"
