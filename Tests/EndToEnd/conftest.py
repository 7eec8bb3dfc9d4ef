"""Programs for a test: started when asked for, ended and judged when it is over."""

import itertools

import pytest

# What these modules assert is explained like what a test asserts.
pytest.register_assert_rewrite("books", "processes", "secrets_kept", "topics")

import agreement
import outside
import secrets_kept
from processes import Sandbox, Worker
from road import Road
from tansu import Tansu

PROGRAMS = pytest.StashKey[list]()


@pytest.fixture
def roads():
    """Every road of the test; none of them may outlive it."""
    laid = []
    yield laid
    for road in laid:
        road.end()


@pytest.fixture
def deployments():
    """What the test has on the broker from outside; none of it may outlive it."""
    made = []
    yield made
    for deployment in made:
        deployment.end()


@pytest.fixture
def programs(request, roads, deployments):
    """Every process of the test; none of them may outlive it, tell a secret or break the contract."""
    started = request.node.stash[PROGRAMS] = []
    yield started
    for program in started:
        program.thaw()
    try:
        search_pages(started)
        keep_contract([*started, *deployments])
    finally:
        # Clients that are left ask for their brokers for ever.
        for program in started:
            if cluster := getattr(program, "cluster", None):
                cluster.close()
        for program in reversed(started):
            program.end()
    for program in started:
        secrets_kept.in_bytes(program.log.read_bytes(), f"output of {program.name}", program.log.name)
        if isinstance(program, Worker):
            program.judge_lines()


def search_pages(programs):
    """Searches what the workers that still run serve to monitoring."""
    for program in programs:
        if isinstance(program, Worker) and program.is_running:
            program.search_pages()


def keep_contract(owners):
    """Judges every record in the topics of every broker that the owners are, or have."""
    clusters = {}
    for owner in owners:
        if cluster := getattr(owner, "cluster", None):
            clusters[cluster.servers, cluster.prefix] = cluster
    for cluster in clusters.values():
        print(f"{agreement.assert_kept(cluster)} records are as topics/ says")


@pytest.fixture
def numbers():
    return itertools.count(1)


@pytest.fixture
def deploy(deployments):
    """Makes all topics on the broker from outside."""

    def deploy(partitions):
        deployments.append(outside.Deployment())
        return deployments[-1].create_all(partitions)

    return deploy


@pytest.fixture
def start_sandbox(programs, deploy, tmp_path, numbers):
    """Starts a sandbox with the flags given; its Kafka is the broker from outside, if there is one."""

    def start(*arguments, **options):
        if outside.SERVERS and "--no-kafka" not in arguments:
            flags = dict(zip(arguments, arguments[1:]))
            options["kafka"] = deploy(flags.get("--partitions", 12))
        programs.append(Sandbox(tmp_path, next(numbers), *arguments, **options))
        return programs[-1]

    return start


@pytest.fixture
def start_broker(programs, deploy, tmp_path):
    """Starts a broker on which topics can be made and deleted, unlike on the embedded one.

    The broker from outside is one.
    """

    def start(partitions):
        if outside.SERVERS:
            return deploy(partitions)
        programs.append(Tansu(tmp_path))
        return programs[-1].create_all(partitions)

    return start


@pytest.fixture
def start_worker(programs, tmp_path, numbers):
    """Starts a worker of a sandbox, with other settings where they are given."""

    def start(sandbox=None, **settings):
        environment = (sandbox.environment if sandbox else {}) | settings
        programs.append(Worker(tmp_path, next(numbers), environment))
        return programs[-1]

    return start


@pytest.fixture
def start_road(roads):
    """Lays a road to an address."""

    def start(*arguments, **options):
        roads.append(Road(*arguments, **options))
        return roads[-1]

    return start


def pytest_sessionstart(session):
    """Meets the broker from outside, or does not begin."""
    if outside.SERVERS:
        session.config.get_terminal_writer().line(outside.meet())


def pytest_collection_modifyitems(items):
    """Skips what another broker cannot do for a test."""
    for item in items if outside.SERVERS else ():
        if mark := item.get_closest_marker("own_broker"):
            item.add_marker(pytest.mark.skip(f"needs a broker of its own: {mark.args[0]}"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Shows what the programs printed beside a failure; searches what came past their logs."""
    report = yield
    try:
        for title, text in report.sections:
            secrets_kept.in_text(text, "output captured by pytest", f"{item.name}, {title}")
    except AssertionError as error:
        report.outcome, report.longrepr, report.sections = "failed", str(error), []
    if report.failed:
        for program in item.stash.get(PROGRAMS, []):
            report.sections.append((program.log.name, program.output[-20_000:]))
    return report


def pytest_sessionfinish(session):
    """Tells the process that started this one, if the tests run in several, what was searched."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["searched"] = dict(secrets_kept.searched)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    secrets_kept.searched.update(getattr(node, "workeroutput", {}).get("searched", {}))


def pytest_terminal_summary(terminalreporter):
    """Leaves nothing on the broker from outside; says how much was searched for secrets."""
    if outside.SERVERS:
        terminalreporter.line(outside.sweep())
    terminalreporter.section("searched for secrets and account numbers")
    for what, count in sorted(secrets_kept.searched.items()):
        terminalreporter.line(f"{count:>12,} bytes  {what}")
