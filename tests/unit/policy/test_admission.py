"""All rules about links, together."""

from datetime import UTC, datetime

from crawler.policy.admission import Admission
from crawler.policy.scope import Scope

NOW = int(datetime(2026, 12, 31, 23, 59, tzinfo=UTC).timestamp() * 1000)


def test_scope_and_traps_both_refuse() -> None:
    """A link would be taken because only one of the rules was asked."""
    admission = Admission(Scope("host", ["http://h/"], exclude=["*.pdf"]), NOW)
    assert admission.refusal("http://h/a", 1) is None
    assert admission.refusal("http://other/a", 1) == "scope"
    assert admission.refusal("http://h/a.pdf", 1) == "exclude"
    assert admission.refusal("http://h/a/a/a/a", 1) == "path_repetition"
    assert admission.refusal("http://h/a", 10_001) == "hops"


def test_only_a_trap_bars_a_seeds_redirect() -> None:
    """A seed that moved to another host would be lost, or one that moves for ever followed."""
    admission = Admission(Scope("host", ["http://h/"], exclude=["*.pdf"]), NOW)
    assert admission.trap("http://other/a.pdf", 0) is None
    assert admission.trap("http://other/a/a/a/a", 0) == "path_repetition"


def test_a_calendar_is_read_five_years_ahead() -> None:
    """A crawl of the last days of a year would stop short, or go on for the rest of time."""
    admission = Admission(Scope("any"), NOW)
    assert admission.refusal("http://h/?month=2031-12", 1) is None
    assert admission.refusal("http://h/?month=2032-01", 1) == "calendar"


def test_a_scope_that_widens_is_asked_as_it_is_now() -> None:
    """Links to the host that a seed redirected to would stay refused."""
    scope = Scope("host", ["http://h/"])
    admission = Admission(scope, NOW)
    assert admission.refusal("http://other/", 1) == "scope"
    scope.add_root("http://other/x")
    assert admission.refusal("http://other/", 1) is None
