"""Cells of CSV: read back they are what they were, and no spreadsheet calculates with them."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.cli.csv_cells import STARTS, cell, csv_lines


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])  # noqa: RUF001
def test_a_text_that_begins_a_formula_is_text(start):
    """Whoever owns a page would else run a formula on the machine of whoever opens the export."""
    hostile = start + 'cmd|" /C calc"!A0'
    assert read(csv_lines([[hostile, "x"]])) == [["'" + hostile, "x"]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (-5, "-5"),
        (-0.5, "-0.5"),
        (10**30, str(10**30)),
        (None, ""),
        (True, "true"),
        ("5", "5"),
        ("a=b", "a=b"),
        (["=x"], '["=x"]'),
        ({"a": None}, '{"a":null}'),
    ],
)
def test_numbers_stay_numbers_and_lists_are_json(value, expected):
    assert read(csv_lines([[value, "end"]])) == [[expected, "end"]]


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_everything_can_be_read_back(rows: list[list[Any]]):
    expected = [["'" + one if one.startswith(STARTS) else one for one in row] for row in rows]
    assert read(csv_lines(rows)) == expected
    assert not [one for row in rows for one in row if str(cell(one)).startswith(STARTS)]


def test_a_row_of_nothing_is_a_row():
    """Of one column that has no value, an empty line would lose the row and the count."""
    assert read(csv_lines([["title"], [None], [""], ["x"]])) == [["title"], [""], [""], ["x"]]
