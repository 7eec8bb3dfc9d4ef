"""Programs for a test: started when asked for, ended and judged when it is over."""

import itertools

import pytest

# What these modules assert is explained like what a test asserts.
pytest.register_assert_rewrite("books", "processes", "secrets_kept", "topics")

import agreement
import secrets_kept
from processes import Sandbox, Worker
from road import Road

PROGRAMS = pytest.StashKey[list]()


@pytest.fixture
def roads():
    """Every road of the test; none of them may outlive it."""
    laid = []
    yield laid
    for road in laid:
        road.end()


@pytest.fixture
def programs(request, roads):
    """Every process of the test; none of them may outlive it, tell a secret or break the contract."""
    started = request.node.stash[PROGRAMS] = []
    yield started
    try:
        search_pages(started)
        keep_contract(started)
    finally:
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
            program.thaw()
            program.search_pages()


def keep_contract(programs):
    """Judges every record in the topics of every broker that the programs are, or have."""
    clusters = {}
    for program in programs:
        if cluster := getattr(program, "cluster", None):
            program.thaw()
            clusters[cluster.servers] = cluster
    for cluster in clusters.values():
        print(f"{agreement.assert_kept(cluster)} records are as topics/ says")


@pytest.fixture
def numbers():
    return itertools.count(1)


@pytest.fixture
def start_sandbox(programs, tmp_path, numbers):
    """Starts a sandbox with the flags given."""

    def start(*arguments, **options):
        programs.append(Sandbox(tmp_path, next(numbers), *arguments, **options))
        return programs[-1]

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


def pytest_terminal_summary(terminalreporter):
    """Says how much was searched for secrets."""
    terminalreporter.section("searched for secrets and account numbers")
    for what, count in sorted(secrets_kept.searched.items()):
        terminalreporter.line(f"{count:>12,} bytes  {what}")
