"""Two texts compared: right, readable, and in a time that does not explode."""

import random
import sys

from hypothesis import given
from hypothesis import strategies as st

from crawler.cli.comparing import texts as diff_texts
from crawler.cli.comparing.texts import compare, sentences, source_lines

LINES = st.lists(st.sampled_from("abcdefgh"), max_size=30)


def patched(before: list[str], lines: list[str]) -> list[str]:
    """Apply a diff, as `patch` would: fails if a line of context or of what went is not there."""
    after: list[str] = []
    at = 0
    for line in lines:
        sign, text = line[0], line[1:]
        if sign == "@":
            start = int(line.split()[1][1:].split(",")[0]) - 1
            after += before[at:start]
            at = start
        elif sign == "+":
            after.append(text)
        else:
            assert before[at] == text
            at += 1
            after += [text] if sign == " " else []
    return after + before[at:]


@given(LINES, LINES)
def test_a_diff_turns_the_one_into_the_other(before: list[str], after: list[str]) -> None:
    """A line that is missing, or in a wrong place, would tell of a change that never was."""
    found = compare(before, after)
    assert patched(before, found.lines) == after
    assert found.removed == sum(line[0] == "-" for line in found.lines)
    assert found.added == sum(line[0] == "+" for line in found.lines)
    assert (found.lines == []) == (before == after)


@given(st.lists(st.integers(0, 60), unique=True), st.randoms(use_true_random=False))
def test_unique_lines_in_any_order(numbers: list[int], chance: random.Random) -> None:
    """Matched lines that cross each other would repeat some and lose others."""
    before = [str(number) for number in numbers]
    after = [line if chance.random() < 0.8 else line + "!" for line in before]
    chance.shuffle(after)
    assert patched(before, compare(before, after).lines) == after


def test_only_what_differs_is_shown_with_its_surroundings() -> None:
    before = [f"line {n}" for n in range(40)]
    after = [*before[:10], "new", *before[10:30], *before[31:]]
    assert compare(before, after).lines == [
        *("@@ -9,4 +9,5 @@", " line 8", " line 9", "+new", " line 10", " line 11"),
        *("@@ -29,5 +30,4 @@", " line 28", " line 29", "-line 30", " line 31", " line 32"),
    ]


def test_long_texts_are_compared_in_few_steps() -> None:
    """A page of a megabyte that changes everywhere would take minutes."""
    chance = random.Random(5)
    before = [str(chance.randrange(100)) for _ in range(3_000)]
    after = [line if n % 10 else f"new {n}" for n, line in enumerate(before)]
    steps = 0

    def count(*_: object) -> None:
        nonlocal steps
        steps += 1

    sys.setprofile(count)
    try:
        found = compare(before, after)
    finally:
        sys.setprofile(None)
    assert patched(before, found.lines) == after
    # Calls stand for time: difflib on all of it makes 700,000, and four times as many lines take a
    # hundred times as long.
    assert steps < 100_000


def test_far_from_each_other_small_changes_stay_small() -> None:
    """A page with another number in head and foot would be shown as all new."""
    before = [f"line {n}" for n in range(3 * diff_texts.MAX_GAP)]
    after = ["first", *before[1:-1], "last"]
    found = compare(before, after)
    assert (found.removed, found.added) == (2, 2)


def test_text_is_split_where_sentences_end() -> None:
    assert sentences("One. Two!  Three? No 1.5 here… End") == [
        *("One.", "Two!", "Three?", "No 1.5 here…", "End"),
    ]
    assert sentences("\u4e00\u3002\u4e8c\u3002") == ["\u4e00\u3002", "\u4e8c\u3002"]
    assert sentences("  ") == []


def test_a_row_of_words_without_an_end_is_split_the_same_way_after_an_insertion() -> None:
    """A menu of a thousand entries would be one line, and all of it would have changed."""
    words = [f"entry{n}" for n in range(1000)]
    before, after = (
        sentences(" ".join(words)),
        sentences(" ".join([*words[:500], "new", *words[500:]])),
    )
    assert len(before) > 20
    assert " ".join(before).split() == words
    found = compare(before, after)
    assert (found.removed, found.added) in {(1, 1), (1, 2)}


def test_source_is_split_at_lines_and_between_tags() -> None:
    """Minified pages are one line."""
    assert source_lines("<p>a</p><p>b</p>\nc") == ["<p>a</p>", "<p>b</p>", "c"]
