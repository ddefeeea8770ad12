"""The catalogue of events, from which the reference page is made, is what the code logs."""

import ast
import logging
import re
from pathlib import Path

import pytest

from crawler.model.events import EVENTS

ROOT = Path(__file__).parents[2]
METHODS = {"debug", "info", "warning", "error", "critical", "exception", "log"}
NAME = re.compile(r"[a-z]+(_[a-z]+)+")


def _logged() -> list[tuple[str, str, str]]:
    """Return file, method and name of each event in the code."""
    found = []
    for path in sorted((ROOT / "crawler").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr not in METHODS or not node.args:
                continue
            first = node.args[1 if node.func.attr == "log" and len(node.args) > 1 else 0]
            is_name = isinstance(first, ast.Constant) and isinstance(first.value, str)
            if is_name and "log" in ast.unparse(node.func.value).lower():
                found.append((str(path.relative_to(ROOT)), node.func.attr, first.value))
    return found


LOGGED = _logged()


def test_each_logged_event_is_in_the_catalogue() -> None:
    """Who reads the log looks there for what an event means: add it to `crawler.model.events`."""
    assert {(path, name) for path, _, name in LOGGED if name not in EVENTS} == set()


def test_each_event_of_the_catalogue_is_logged() -> None:
    constants = {"events_dropped"}
    assert set(EVENTS) - {name for _, _, name in LOGGED} - constants == set()


@pytest.mark.parametrize("name", EVENTS)
def test_names_say_what_happened_to_what(name: str) -> None:
    assert NAME.fullmatch(name)
    event = EVENTS[name]
    assert event.level.upper() in logging.getLevelNamesMapping()
    assert event.meaning.endswith(".")


def test_no_event_is_logged_below_its_level() -> None:
    levels = logging.getLevelNamesMapping() | {"EXCEPTION": logging.ERROR}
    low = [
        (path, name)
        for path, method, name in LOGGED
        if method != "log" and levels[method.upper()] < levels[EVENTS[name].level.upper()]
    ]
    assert low == []
