"""Packages that only some crawls need are missed at the start, not in the middle."""

import re
import tomllib
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
    with pytest.raises(ConfigError, match=r"pip install '\.\[admin\]' in the clone"):
        packages.require_packages(plan, http=True)


def test_an_extra_that_is_named_can_be_installed() -> None:
    """Under a name that no index has, whoever follows the message gets nothing, or a stranger's."""
    root = Path(__file__).parents[3]
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    sources = [*root.glob("crawler/**/*.py"), *root.glob("crawler/**/*.js")]
    texts = [path.read_text() for path in (*sources, *root.glob("docs/[gr]*/*.md"))]
    named = re.findall(r"pip install '([^']*)\[(\w+)\]'", "\n".join(texts))
    assert {name for _, name in named} == {*extras}
    assert {where for where, _ in named} <= {".", "./NAME.whl"}
