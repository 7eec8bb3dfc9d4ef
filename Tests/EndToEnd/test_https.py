"""The way to the provider: TLS with an authority of one's own, and a proxy.

What is not sent is proven to be not sent: nothing in doubt, and everything ends once the way is free.
"""

import json

import pytest

from authority import Authority
from books import await_endings, judge
from commands import mixed
from processes import free_port, run
from proxy import Proxy
from tansu import KEYS
from waiting import until

# A name that is this machine would never be looked for behind a proxy.
PROVIDER = "pay.example"
LOGIN = "amina:correct-horse"
DONE = {"payment created": 5, "payout requested": 5}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), "ours")


@pytest.fixture
def sandbox(start_sandbox):
    return start_sandbox("--partitions", "2")


@pytest.fixture
def secure(authority, sandbox, start_road):
    """Gives the provider a TLS with a certificate for some names; answers its road."""

    def secure(*names):
        tls = authority.server(authority.issue("provider", *names))
        return start_road(sandbox.environment["ASPAYDS_BASE_URL"], tls=tls)

    return secure


@pytest.fixture
def proxied(secure, roads, authority):
    """A proxy to the provider, and what a worker needs for it."""

    def proxied(login=None, used=None):
        road = secure(f"DNS:{PROVIDER}")
        roads.append(Proxy(f"tcp://127.0.0.1:{road.port}", f"{PROVIDER}:443", login))
        login = f"{used or login}@" if used or login else ""
        return roads[-1], {
            "ASPAYDS_BASE_URL": f"https://{PROVIDER}/api",
            "SSL_CERT_FILE": str(authority.certificate),
            "HTTPS_PROXY": f"http://{login}{roads[-1].address}",
        }

    return proxied


def all_end(sandbox, commands):
    """Everything ends well, and nothing was ever in doubt."""
    await_endings(sandbox.cluster, commands, within=60)
    assert judge(sandbox, commands) == DONE
    assert "in_doubt" not in {event.kind for event in sandbox.cluster.events()}


def nothing_is_sent(sandbox, worker, words):
    """The worker says why in its log and on `/ready`; nothing was executed, and nothing is in doubt."""
    for domain in ("payments", "payouts"):
        worker.await_reason(f"provider for {domain}")
    worker.await_reason(words)
    assert any(words in line["error"] for line in worker.said("a request failed")), worker.output
    assert sandbox.executed == 0
    assert sandbox.cluster.events() == []
    assert worker.health("live")[0] == 200


def stands_still_until(sandbox, start_worker, words, wrong, right):
    """With the one environment nothing is sent, and with the other everything ends."""
    commands = mixed(10)
    sandbox.cluster.send(commands)
    worker = start_worker(sandbox, **wrong)
    nothing_is_sent(sandbox, worker, words)
    assert worker.stop(within=25) == 0
    start_worker(sandbox, **right)
    all_end(sandbox, commands)
    return worker


# MARK: Authorities


@pytest.mark.parametrize("form", ["file", "folder"])
def test_an_authority_of_ones_own_is_trusted(
    form, authority, sandbox, secure, start_worker, tmp_path
):
    folder = tmp_path / "authorities"
    folder.mkdir()
    (folder / "ca.crt").write_bytes(authority.certificate.read_bytes())
    (folder / "README").write_text("no certificate\n")
    file = str(authority.certificate)
    trust = {"SSL_CERT_FILE": file} if form == "file" else {"SSL_CERT_DIR": str(folder)}
    commands = mixed(10)
    sandbox.cluster.send(commands)
    # This machine itself is reached without the proxy, which is not there.
    dead = {"HTTPS_PROXY": f"http://127.0.0.1:{free_port()}"}
    start_worker(sandbox, ASPAYDS_BASE_URL=secure().url, **trust, **dead)
    all_end(sandbox, commands)


def test_an_authority_that_is_not_trusted_gets_nothing(authority, sandbox, secure, start_worker):
    address = {"ASPAYDS_BASE_URL": secure().url}
    trust = {"SSL_CERT_FILE": str(authority.certificate)}
    words = "the certificate is not trusted: check SSL_CERT_FILE"
    stands_still_until(sandbox, start_worker, words, address, address | trust)


def test_a_certificate_for_another_host_gets_nothing(authority, sandbox, secure, start_worker):
    trust = {"SSL_CERT_FILE": str(authority.certificate)}
    wrong, right = secure(f"DNS:{PROVIDER}").url, secure().url
    words = "the certificate is for another host"
    addresses = [{"ASPAYDS_BASE_URL": url} | trust for url in (wrong, right)]
    stands_still_until(sandbox, start_worker, words, *addresses)


# MARK: Proxies


def test_everything_goes_through_the_proxy(sandbox, proxied, start_worker):
    proxy, settings = proxied(LOGIN)
    commands = mixed(10)
    sandbox.cluster.send(commands)
    worker = start_worker(sandbox, **settings)
    all_end(sandbox, commands)
    assert set(proxy.asked) == {f"{PROVIDER}:443"}
    # The proxy carries what it cannot read.
    assert not any("x-api" in head.lower() for head in proxy.heads)
    assert "correct-horse" not in worker.output
    (started,) = worker.said("start")
    assert started["proxy"] == f"http://{proxy.address}"


def test_tools_go_through_the_proxy_too(sandbox, proxied, start_worker):
    proxy, settings = proxied(LOGIN)
    commands = mixed(10)
    sandbox.cluster.send(commands)
    assert start_worker(sandbox, **settings).await_ready()
    all_end(sandbox, commands)
    environment = sandbox.environment | settings
    for tool in (["api", "methods"], ["audit", "--provider"]):
        before = len(proxy.asked)
        ended = run("aspayds-worker", *tool, environment=environment, within=60)
        assert ended.returncode == 0, ended.stderr
        assert set(proxy.asked[before:]) == {f"{PROVIDER}:443"}
    distrusting = {name: value for name, value in environment.items() if name != "SSL_CERT_FILE"}
    ended = run("aspayds-worker", "api", "methods", environment=distrusting)
    assert ended.returncode == 1 and "SSL_CERT_FILE" in ended.stderr, ended.stderr


def test_a_proxy_that_is_down_gets_nothing(sandbox, proxied, start_worker):
    proxy, settings = proxied()
    proxy.cut()
    commands = mixed(10)
    sandbox.cluster.send(commands)
    worker = start_worker(sandbox, **settings)
    nothing_is_sent(sandbox, worker, f"no connection to the proxy http://{proxy.address}")
    proxy.mend()
    all_end(sandbox, commands)
    worker.await_ready()


def test_a_proxy_that_wants_another_login_gets_nothing(sandbox, proxied, start_worker):
    proxy, wrong = proxied(LOGIN, used="amina:wrong-horse")
    right = wrong | {"HTTPS_PROXY": f"http://{LOGIN}@{proxy.address}"}
    worker = stands_still_until(sandbox, start_worker, "wants another login (407)", wrong, right)
    assert "wrong-horse" not in worker.output


def test_a_proxy_that_refuses_the_host_gets_nothing(sandbox, proxied, start_worker):
    proxy, settings = proxied()
    wrong = settings | {"ASPAYDS_BASE_URL": "https://other.example/api"}
    stands_still_until(sandbox, start_worker, "refuses the connection", wrong, settings)
    assert set(proxy.asked) == {"other.example:443", f"{PROVIDER}:443"}


def test_a_proxy_that_dies_with_orders_under_way_leaves_doubts_and_no_duplicates(
    sandbox, proxied, start_worker
):
    proxy, settings = proxied()
    # Executed, and never answered.
    sandbox.break_with({"fault": "timeout-after", "endpoint": "create", "times": 10})
    commands = mixed(10)
    sandbox.cluster.send(commands)
    start_worker(sandbox, ASPAYDS_REQUEST_TIMEOUT="60s", **settings)
    until(lambda: sandbox.executed == 10, 30, lambda: f"10 executed: {sandbox.totals}")
    proxy.cut()
    sandbox.break_with()
    proxy.mend()
    await_endings(sandbox.cluster, commands, within=90)
    assert judge(sandbox, commands) == DONE
    doubts = [event for event in sandbox.cluster.events() if event.kind == "in_doubt"]
    assert len(doubts) == 10
    assert {event.reason["code"] for event in doubts} == {"connection_lost"}


# MARK: Settings


def config(**variables):
    environment = KEYS | {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"} | variables
    return run("aspayds-worker", "config", "--json", environment=environment)


def test_config_shows_the_way_and_no_login(authority):
    shown = config(
        HTTPS_PROXY=f"http://{LOGIN}@proxy.example:3128",
        HTTP_PROXY="http://not.used:1",
        NO_PROXY="other.example",
        SSL_CERT_FILE=str(authority.certificate),
    )
    assert shown.returncode == 0, shown.stderr
    rows = {row["name"]: row for row in json.loads(shown.stdout)["settings"]}
    assert rows["HTTPS_PROXY"]["value"] == "http://proxy.example:3128"
    assert rows["NO_PROXY"]["value"] == "other.example"
    assert rows["SSL_CERT_FILE"]["value"] == str(authority.certificate)
    assert "HTTP_PROXY" not in rows
    assert "horse" not in shown.stdout + shown.stderr

    excepted = config(https_proxy="http://proxy.example", NO_PROXY="aspayds.net")
    rows = {row["name"]: row for row in json.loads(excepted.stdout)["settings"]}
    assert rows["https_proxy"].get("value") is None
    assert "not used" in rows["https_proxy"]["source"]


def test_a_way_that_cannot_be_is_told_before_anything_starts():
    wrong = {"HTTPS_PROXY": "socks5://amina:correct-horse@proxy:1", "SSL_CERT_FILE": "/no/such"}
    ended = config(**wrong)
    assert ended.returncode == 78
    told = ended.stderr.splitlines()
    assert any("HTTPS_PROXY must be http://" in line for line in told), ended.stderr
    assert any("SSL_CERT_FILE: /no/such holds no certificates" in line for line in told)
    assert "horse" not in ended.stdout + ended.stderr
