"""Certificates of the tests' own: an authority, and what it says of others."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

# Where every server of the tests is.
HERE = "DNS:localhost,IP:127.0.0.1"
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, as paths of files."""

    certificate: Path
    key: Path


class Authority:
    """A CA; `certificate` is what those need who are to trust it."""

    def __init__(self, directory, name):
        self.directory, self.name = directory, name
        self.certificate, self.key = self._path("pem"), self._path("key")
        subject = ("-subj", f"/CN={name}", "-days", "2")
        openssl("req", "-x509", *KEY, *subject, "-keyout", self.key, "-out", self.certificate)

    def issue(self, name, names=HERE, days=2):
        """A certificate for some names; negative days are over already."""
        pair = Pair(self._path(f"{name}.pem"), self._path(f"{name}.key"))
        request, extensions = self._path(f"{name}.csr"), self._path(f"{name}.ext")
        extensions.write_text(f"subjectAltName={names}\n")
        openssl("req", *KEY, "-subj", f"/CN={name}", "-keyout", pair.key, "-out", request)
        signer = ("-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial")
        openssl(
            *("x509", "-req", "-in", request, *signer, "-days", str(days)),
            *("-extfile", extensions, "-out", pair.certificate),
        )
        return pair

    def server(self, pair, clients=False, newest=None):
        """The TLS of a server with that certificate; with `clients` it wants one of ours from them."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.certificate)
        if newest:
            context.maximum_version = newest
        return context

    def _path(self, suffix):
        return self.directory / f"{self.name}.{suffix}"


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
