"""Packages that only some crawls need are missed at the start, not in the middle."""

from pathlib import Path

import pytest

from crawler.conf import packages
from crawler.conf.load import load_settings
from crawler.conf.plan import make_plan
from crawler.errors import ConfigError


@pytest.mark.parametrize("missing", ["prometheus_client", "plotly"])
def test_what_the_admin_server_needs_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """The traceback of an import would not say which extra to install."""
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name == missing else object())
    plan = make_plan(load_settings({}, {}, tmp_path))
    packages.require_packages(plan)
    with pytest.raises(ConfigError, match=r"pip install 'quasicrawler\[admin\]'"):
        packages.require_packages(plan, http=True)
