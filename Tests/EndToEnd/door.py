"""A listener that wants a login, in front of a broker that knows none.

It says what a broker of Apache Kafka says, as far as a client can tell.
"""

import base64
import hashlib
import hmac
import os
import struct

from road import Road

HANDSHAKE, API_VERSIONS, AUTHENTICATE = 17, 18, 36
UNSUPPORTED_MECHANISM, UNSUPPORTED_VERSION, AUTHENTICATION_FAILED = 33, 35, 58


class Door(Road):
    """A road that begins with a login: `users` are passwords by name."""

    def __init__(self, target, users, mechanisms=("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"), **road):
        self.users, self.mechanisms = users, mechanisms
        self.admitted = 0
        super().__init__(target, **road)

    async def _admit(self, near_reader, near_writer, far_reader, far_writer):
        login = None
        try:
            while True:
                head, key, version, body = await request(near_reader)
                if key == API_VERSIONS:
                    answer = await versions(version, far_reader, far_writer)
                elif key == HANDSHAKE:
                    wanted = body[2:].decode()
                    login = self._login(wanted) if wanted in self.mechanisms else None
                    answer = self._offer(0 if login else UNSUPPORTED_MECHANISM)
                elif key == AUTHENTICATE and login:
                    answer = step(login, body[4:], version)
                else:
                    return False  # As brokers do: no word to those who have not logged in.
                near_writer.write(struct.pack(">i", 4 + len(answer)) + head + answer)
                if login and login.is_over:
                    self.admitted += login.is_good
                    return login.is_good
        except (OSError, EOFError):
            return False

    def _offer(self, error):
        count = struct.pack(">hi", error, len(self.mechanisms))
        return count + b"".join(map(text, self.mechanisms))

    def _login(self, mechanism):
        return Plain(self.users) if mechanism == "PLAIN" else Scram(self.users, mechanism)


class Refused(Exception):
    """A login that failed, in the broker's words."""


class Login:
    """An exchange that ends well, or does not."""

    is_over = is_good = False


class Plain(Login):
    """A name and a password as they are."""

    def __init__(self, users):
        self.users = users

    def answer(self, token):
        _, name, password = token.decode().split("\0")
        if self.users.get(name) != password:
            raise Refused("Authentication failed: Invalid username or password")
        self.is_over = self.is_good = True
        return b""


class Scram(Login):
    """A proof that one knows the password (RFC 5802), judged as Apache Kafka judges it.

    That is: the nonce need only end as it was told. librdkafka before 2.6.1 begins it wrongly.
    """

    def __init__(self, users, mechanism):
        self.users, self.mechanism = users, mechanism
        self.method = mechanism.removeprefix("SCRAM-").replace("-", "").lower()
        self.nonce = base64.b64encode(os.urandom(18)).decode()
        self.salted = None

    def answer(self, token):
        words = token.decode()
        return (self._begin(words) if self.salted is None else self._end(words)).encode()

    def _begin(self, first):
        self.first = first.split(",", 2)[2]
        fields = dict(field.split("=", 1) for field in self.first.split(","))
        salt = os.urandom(16)
        password = self.users.get(fields["n"], os.urandom(16).hex()).encode()
        self.salted = hashlib.pbkdf2_hmac(self.method, password, salt, 4096)
        self.offer = f"r={fields['r']}{self.nonce},s={base64.b64encode(salt).decode()},i=4096"
        return self.offer

    def _end(self, final):
        unproven, _, proof = final.rpartition(",p=")
        said = ",".join((self.first, self.offer, unproven)).encode()
        stored = self._hash(self._sign(self.salted, b"Client Key"))
        signature = self._sign(stored, said)
        key = bytes(a ^ b for a, b in zip(base64.b64decode(proof), signature, strict=True))
        if self._hash(key) != stored or not unproven.endswith(self.nonce):
            raise Refused(
                "Authentication failed during authentication due to invalid credentials with SASL "
                f"mechanism {self.mechanism}"
            )
        self.is_over = self.is_good = True
        verifier = self._sign(self._sign(self.salted, b"Server Key"), said)
        return f"v={base64.b64encode(verifier).decode()}"

    def _sign(self, key, message):
        return hmac.digest(key, message, self.method)

    def _hash(self, message):
        return hashlib.new(self.method, message).digest()


def step(login, token, version):
    """The answer to one token, in the form of this version of the request."""
    try:
        code, words, answer = 0, struct.pack(">h", -1), login.answer(token)
    except Refused as refused:
        login.is_over = True
        code, words, answer = AUTHENTICATION_FAILED, text(str(refused)), b""
    lifetime = struct.pack(">q", 0) if version > 0 else b""
    return struct.pack(">h", code) + words + struct.pack(">i", len(answer)) + answer + lifetime


async def request(reader):
    """One request: the number that its answer begins with, kind, version, and what follows the head."""
    size = struct.unpack(">i", await reader.readexactly(4))[0]
    key, version, number, name = struct.unpack(">hhih", (frame := await reader.readexactly(size))[:10])
    return struct.pack(">i", number), key, version, frame[10 + max(name, 0) :]


async def versions(version, far_reader, far_writer):
    """What the broker behind the door can do, in the oldest form, which every client reads."""
    ask = struct.pack(">hhih", API_VERSIONS, 0, 0, -1)
    far_writer.write(struct.pack(">i", len(ask)) + ask)
    size = struct.unpack(">i", await far_reader.readexactly(4))[0]
    answer = (await far_reader.readexactly(size))[4:]
    return answer if version == 0 else struct.pack(">h", UNSUPPORTED_VERSION) + answer[2:]


def text(words):
    """A string of Kafka's protocol."""
    return struct.pack(">h", len(words)) + words.encode()
