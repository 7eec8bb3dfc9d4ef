"""A proxy as companies have them: it carries connections (`CONNECT`) to those who may have them."""

import base64

from road import Road

REFUSED = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"
WANTS_LOGIN = (
    b"HTTP/1.1 407 Proxy Authentication Required\r\n"
    b'proxy-authenticate: Basic realm="way out"\r\ncontent-length: 6\r\n\r\nlogin\n'
)
OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"


class Proxy(Road):
    """Leads to one name, which stands for the target, and wants a login where one is given."""

    def __init__(self, target, name, login=None, **road):
        self.name = name
        self.login = login and f"Basic {base64.b64encode(login.encode()).decode()}"
        # What was asked for, in order, and with what.
        self.asked, self.heads = [], []
        super().__init__(target, **road)

    @property
    def address(self):
        """What clients are told, without a login."""
        return f"127.0.0.1:{self.port}"

    async def _open(self, near_reader, near_writer):
        head = (await near_reader.readuntil(b"\r\n\r\n")).decode()
        first, *fields = head.split("\r\n")
        method, name, _ = first.split(" ")
        headers = dict(field.lower().split(": ", 1) for field in fields if field)
        self.asked.append(name)
        self.heads.append(head)
        refusal = REFUSED if method != "CONNECT" or name != self.name else None
        if self.login and headers.get("proxy-authorization") != self.login.lower():
            refusal = WANTS_LOGIN
        if refusal:
            near_writer.write(refusal)
            raise ConnectionRefusedError(name)
        far = await super()._open(near_reader, near_writer)
        near_writer.write(OPEN)
        return far
