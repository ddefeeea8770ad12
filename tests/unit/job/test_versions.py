"""Versions for the manifest."""

import importlib.metadata

from crawler.job.versions import _PACKAGES, find_versions


def test_versions_are_those_of_the_metadata() -> None:
    """A bug report with a wrong version sends everybody the wrong way."""
    found = find_versions()
    for package in _PACKAGES:
        assert found[package] == importlib.metadata.version(package)
