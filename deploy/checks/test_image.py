"""What runs inside the images: the health check and the list of components."""

import http.server
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading

import pytest

from conftest import DEPLOY, ROOT


@pytest.fixture
def answering():
    """A server that answers /live with 200, and everything else with 503."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/live" else 503)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    yield str(server.server_port)
    server.shutdown()
    server.server_close()


def healthcheck(*arguments, **environment):
    return subprocess.run(
        [DEPLOY / "healthcheck", *arguments], env=environment, capture_output=True, timeout=10
    ).returncode


def test_health_is_what_the_server_says(answering):
    assert healthcheck(answering) == 0
    assert healthcheck(ASPAYDS_HEALTH_PORT=answering) == 0
    assert healthcheck(answering, "/ready") != 0


def test_nobody_there_is_not_healthy(answering):
    assert healthcheck("1") != 0


def test_silence_is_not_healthy():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert healthcheck(str(silent.getsockname()[1])) != 0


def test_the_build_sees_what_it_copies():
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    ignore = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    sources = {
        source
        for line in re.findall(r"^COPY (?!.*--from)(?:--\S+ )*(.*)$", dockerfile, re.M)
        for source in line.split()[:-1]
    }
    for source in sources:
        name = source.removesuffix("*")
        assert (ROOT / name).exists() or source.endswith("*")
        folders = map(str, pathlib.Path(name).parents)
        assert any(f"!{part}" in ignore for part in [name, *folders])


def test_the_version_is_written_into_the_program(tmp_path):
    """The Dockerfile's own step, on a copy of the source."""
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    (step,) = re.findall(r"^RUN (file=(?:.*\\\n)*.*)$", dockerfile, re.M)
    name = re.match(r"file=(\S+)", step)[1]
    source = (ROOT / name).read_text()
    copy = tmp_path / name
    copy.parent.mkdir(parents=True)

    def written(version, text):
        copy.write_text(text)
        command = ["bash", "-euo", "pipefail", "-c", step]
        environment = {"PATH": os.environ["PATH"], "VERSION": version}
        ended = subprocess.run(command, cwd=tmp_path, env=environment, timeout=10)
        return copy.read_text() if ended.returncode == 0 else None

    lines = re.findall(r'^let programVersion = ".*"$', source, re.M)
    assert len(lines) == 1
    expected = source.replace(lines[0], 'let programVersion = "1.2.3-rc.1+5"')
    assert written("1.2.3-rc.1+5", source) == expected
    assert written('1"', source) is None
    assert written("1.2.3", source.replace(lines[0], "")) is None


def test_components_are_listed(tmp_path):
    (tmp_path / "Package.resolved").write_text(
        json.dumps(
            {
                "pins": [
                    {
                        "location": "https://github.com/apple/swift-nio.git",
                        "state": {"version": "2.1.0", "revision": "0123"},
                    },
                    {"location": "https://github.com/a/b", "state": {"revision": "4567"}},
                ]
            }
        )
    )
    (tmp_path / "status").write_text(
        "Package: librdkafka1\nStatus: install ok installed\nArchitecture: amd64\n"
        "Version: 2.3.0-1build2\nDescription: Kafka\n client\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n\n"
    )
    (tmp_path / "os").write_text('NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="24.04"\n')
    document = json.loads(
        subprocess.run(
            [sys.executable, DEPLOY / "sbom/sbom.py", "--version", "1.2.3"]
            + ["--swift", tmp_path / "Package.resolved", "--dpkg", tmp_path / "status"]
            + ["--os", tmp_path / "os", "--component", "swift=6.3.1"],
            check=True,
            capture_output=True,
        ).stdout
    )
    assert document["metadata"]["component"]["version"] == "1.2.3"
    assert {component["bom-ref"] for component in document["components"]} == {
        "pkg:swift/github.com/apple/swift-nio@2.1.0",
        "pkg:swift/github.com/a/b@4567",
        "pkg:deb/ubuntu/librdkafka1@2.3.0-1build2?arch=amd64&distro=ubuntu-24.04",
        "swift@6.3.1",
    }
