"""What every test shares: a clean environment, how hard to try, and which services are there.

`--torture` (or QC_TORTURE=1) runs the kill rounds and the property tests at full length. A test
that needs a service skips with a reason where the service is missing, and fails instead when
QC_CI_REQUIRE_SERVICES is set, so that CI cannot pass by leaving tests out.
"""

import os
import shutil
import signal
import socket
from collections.abc import Callable, Generator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings

from tests.support import machine

TESTS = Path(__file__).parent
FOLDER_MARKERS = ("component", "e2e")
LONGEST = "test_docs_commands.py"
"""Takes more than twice as long as any other file."""
REQUIRE_SERVICES = "QC_CI_REQUIRE_SERVICES"


def _scrub_environment() -> None:
    """Remove the variables that configure a crawl: the developer's own must not decide a test."""
    if os.environ.get("CRAWLER_CI_REQUIRE_SERVICES"):
        os.environ[REQUIRE_SERVICES] = "1"
    for name in [name for name in os.environ if name.startswith(("CRAWLER_", "QUASIQUEUE_"))]:
        del os.environ[name]


def _heed_signals() -> None:
    """Let no process of a test ignore what its caller does: `nohup` and `&` hand that down."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


# At import, so that modules collected later see a clean environment too.
_scrub_environment()
_heed_signals()

# No deadlines: they measure the machine. The short profile repeats itself exactly, so a failure in
# CI is one that everybody sees; the long one explores.
_QUIET = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile(
    "quick", max_examples=60, stateful_step_count=30, derandomize=True, **_QUIET
)
settings.register_profile("torture", max_examples=3000, stateful_step_count=60, **_QUIET)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--torture",
        action="store_true",
        default=bool(os.environ.get("QC_TORTURE")),
        help="run kill rounds and property tests at full length",
    )


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("torture" if config.getoption("--torture") else "quick")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, None, None]:
    """Mark tests by their folder, and give long runs the time they need."""
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""
        if folder in FOLDER_MARKERS:
            item.add_marker(folder)
        if config.getoption("--torture") and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(3600))
    yield  # `-m` chooses by these marks, and the order becomes a random one
    if getattr(config.option, "dist", "no") != "no" or hasattr(config, "workerinput"):
        # Long files first, so that no process is left alone with one in the end.
        items.sort(
            key=lambda item: (item.path.name != LONGEST, item.get_closest_marker("e2e") is None)
        )


@pytest.fixture(scope="session")
def rounds(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """`rounds(small, full)`: how many rounds of a torture to run now."""
    torture: bool = request.config.getoption("--torture")
    return lambda small, full: full if torture else small


def _require_service(name: str, url: str) -> None:
    """Skip, or fail where services are required, unless something listens at `url`."""
    parts = urlsplit(url)
    try:
        socket.create_connection((str(parts.hostname), parts.port or 0), timeout=2).close()
    except OSError as error:
        message = f"{name} does not answer at {parts.hostname}:{parts.port} ({error})"
        if os.environ.get(REQUIRE_SERVICES):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)


def _require_program(name: str, package: str) -> Path:
    """Return where a program is; skip, or fail where services are required, if it is missing."""
    found = shutil.which(name)
    if found is not None:
        return Path(found)
    message = f"{name} is not here: it comes with the package {package}"
    if os.environ.get(REQUIRE_SERVICES):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@pytest.fixture(scope="session")
def promtool() -> Path:
    """Prometheus's own checker of configuration, rules and metrics."""
    return _require_program("promtool", "prometheus")


@pytest.fixture(scope="session")
def prometheus() -> Path:
    """The server that the alerts and the dashboard are written for."""
    return _require_program("prometheus", "prometheus")


@pytest.fixture(scope="session")
def chromium() -> Path:
    """A browser, for the dashboard."""
    return _require_program("chromium", "chromium")


@pytest.fixture(scope="session")
def nspawn() -> Path:
    """What boots a systemd of its own, above a throw-away copy of this machine's files."""
    program = _require_program("systemd-nspawn", "systemd-container")
    if reason := machine.why_not():
        pytest.skip(reason)  # in CI too: no package gives rights
    return program


@pytest.fixture(scope="session")
def redis_url() -> str:
    """URL of a Redis that tests may write to, under names of their own (QC_REDIS_URL: another)."""
    url = os.environ.get("QC_REDIS_URL", "redis://127.0.0.1:6379/15")
    _require_service("Redis", url)
    return url
