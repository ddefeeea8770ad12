"""The plan: fixed units, the agent's name, the lease."""

import subprocess
import sys
from pathlib import Path

import pytest

from crawler.conf.agent import make_agent
from crawler.conf.load import load_settings
from crawler.conf.plan import LeaseNeeds, make_plan
from crawler.errors import ConfigError
from crawler.model.plan import Plan


def _plan(cwd: Path, **flags: object) -> Plan:
    return make_plan(load_settings(flags, {}, cwd))


def test_readers_get_the_same_plan_from_plain_values(tmp_path: Path) -> None:
    """QuasiQueue hands `model_dump()` to the readers: a reader's clock and lease would differ."""
    settings = load_settings({"header": ["A:b"], "delay": "250ms"}, {}, tmp_path)
    plan = make_plan(settings.model_dump())
    assert plan == make_plan(settings)
    assert plan.headers == (("A", "b"),)
    assert (plan.delay_ms, plan.timeout_ms, plan.window_ms) == (250, 60_000, 10_000)
    assert plan.clock_offset_ms == settings.clock_offset_ms > 0
    assert plan.output == tmp_path / "crawl" / "pages"


def test_readers_plan_needs_no_pydantic() -> None:
    """Every reader would pay for pydantic again where processes are not forked."""
    code = "import sys, crawler.conf.plan; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "flags",
    [
        {},
        {"retries": 0, "timeout": "1s"},
        {"retries": 100, "delay": "1h", "retry_base": "1m"},
        {"timeout": "1h", "prevent_requeuing_time": "10m"},
    ],
)
def test_default_lease_outlasts_what_it_must(tmp_path: Path, flags: dict[str, object]) -> None:
    """A lease that ends while its fetch runs costs the fetch, at every visit."""
    settings = load_settings(flags, {}, tmp_path)
    needed = sum(LeaseNeeds.of(settings.model_dump()))
    plan = make_plan(settings)
    tries = (plan.retries + 1) * plan.timeout_ms
    assert plan.lease_ms > needed > plan.window_ms + tries
    asked = load_settings(flags | {"lease": f"{needed + 1}ms"}, {}, tmp_path)
    assert make_plan(asked).lease_ms == needed + 1


def test_a_lease_outlasts_a_reader_full_of_callbacks_that_hang(tmp_path: Path) -> None:
    """The last of them waits for all others; with a lease of the usual length it would be given
    back, fetched again, and wait again."""
    (tmp_path / "crawl.toml").write_text("[[extract]]\npython = 'spider:parse'\n")
    flags = {"concurrent_tasks_per_process": 100, "extract_timeout": "7s"}
    usual = make_plan(load_settings(dict(flags), {}, tmp_path)).lease_ms
    flags["config"] = str(tmp_path / "crawl.toml")
    assert make_plan(load_settings(flags, {}, tmp_path)).lease_ms > usual + 100 * 7_000


@pytest.mark.parametrize(
    ("user_agent", "contact", "name", "token"),
    [
        (None, None, "QuasiCrawler/", "QuasiCrawler"),
        (None, "https://a.example/", "QuasiCrawler/", "QuasiCrawler"),
        ("My-Bot/2.0 (x)", None, "My-Bot/2.0 (x)", "My-Bot"),
        ("My_Bot", "a@b.example", "My_Bot (+a@b.example)", "My_Bot"),
        ("My/1 (+a@b.example)", "a@b.example", "My/1 (+a@b.example)", "My"),
        ("Mozilla/5.0 (compatible; Spider/1; +x)", None, "Mozilla/5.0", "Spider"),
    ],
)
def test_agent(user_agent: str | None, contact: str | None, name: str, token: str) -> None:
    """A token that is not in the name is one that no webmaster can address."""
    header, found = make_agent(user_agent, contact)
    assert header.startswith(name)
    assert found == token
    assert contact is None or contact in header


@pytest.mark.parametrize(
    ("address", "is_open"),
    [
        ("127.0.0.1:0", False),
        ("127.1.2.3:8080", False),
        ("8080", False),
        (":8080", False),
        ("localhost:8080", False),
        ("[::1]:8080", False),
        ("0.0.0.0:8080", True),
        ("[::]:8080", True),
        ("192.168.0.7:8080", True),
        ("crawler.example:8080", True),
        ("localhost.example:8080", True),
    ],
)
def test_others_are_served_only_with_a_token(tmp_path: Path, address: str, is_open: bool) -> None:
    """What a crawl does, and where, would be told to a whole network."""
    _plan(tmp_path, http=address, http_token="correct-horse-battery")
    if not is_open:
        _plan(tmp_path, http=address)
        return
    with pytest.raises(ConfigError, match="needs a token: set CRAWLER_HTTP_TOKEN"):
        _plan(tmp_path, http=address)
