"""Every input that the fuzzers kept, once: what was found before must not come back."""

from pathlib import Path

import pytest

from tests.fuzz.run import CORPUS
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_kept_inputs_hold(name: str) -> None:
    """A page, a header or a robots.txt would again do what a fuzzer once found."""
    paths = sorted((CORPUS / name).iterdir())
    assert paths
    for path in paths:
        _check(name, path)


def _check(name: str, path: Path) -> None:
    try:
        TARGETS[name](path.read_bytes())
    except Exception as error:
        error.add_note(f"input: {path.relative_to(CORPUS)}")
        raise
