"""Versions for the manifest."""

import importlib
import importlib.metadata
import sys

import pytest

from crawler.job.versions import _PACKAGES, find_versions


@pytest.mark.parametrize("loaded", [True, False])
def test_versions_are_those_of_the_metadata(loaded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug report with a wrong version sends everybody the wrong way."""
    for package in _PACKAGES:
        if loaded:
            importlib.import_module(package)
        else:
            monkeypatch.delitem(sys.modules, package, raising=False)
    found = find_versions()
    for package in _PACKAGES:
        assert found[package] == importlib.metadata.version(package)
