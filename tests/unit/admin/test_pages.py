"""The files of the dashboard."""

import re
from importlib.machinery import ModuleSpec

import pytest

from crawler.admin import pages
from crawler.admin.pages import page_files
from crawler.pipeline.node import MOST_HOSTS


def test_all_that_the_page_names_is_served() -> None:
    """A page without its style or its script is blank, and only in a browser."""
    files = page_files()
    html = files["/"].place.read_text("utf-8")
    named = re.findall(r'(?:src|href)="([^"#]+)"', html)
    assert {"dashboard.css", "dashboard.js", "plotly.min.js"} <= set(named)
    for name in named:
        assert f"/{name}" in files or name in ("api/state", "metrics")
    for page in files.values():
        assert page.place.is_file()


def test_nothing_in_the_page_needs_a_policy_that_trusts_it() -> None:
    """Scripts within the page are refused by the browser: a button would do nothing."""
    html = page_files()["/"].place.read_text("utf-8")
    assert not re.search(r"<script>|<style|\son\w+=|\sstyle=|https?://", html)
    script = page_files()["/dashboard.js"].place.read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script)


def test_the_page_knows_how_many_hosts_a_state_lists_at_most() -> None:
    """The button for more hosts would be missing, or be there for nothing."""
    script = page_files()["/dashboard.js"].place.read_text("utf-8")
    assert f"const LISTED_HOSTS = {MOST_HOSTS};" in script


def test_without_the_charting_library_there_is_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server would not start where only prometheus-client is installed."""
    monkeypatch.setattr(pages, "find_spec", lambda _: None)
    assert "/plotly.min.js" not in page_files()
    monkeypatch.setattr(pages, "find_spec", lambda name: ModuleSpec(name, None))
    assert "/" in page_files()
