"""Fingerprints of texts."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xxhash import xxh3_64_intdigest

from crawler.extract.simhash import MIN_WORDS, simhash

WORDS = [f"word{n * n % 997}" for n in range(400)]
TEXT = " ".join(WORDS)
CHINESE = "首先必须明确这一点。" * 3 + "".join(chr(0x4E00 + n * n % 2000) for n in range(300))


def distance(first: str, second: str) -> int:
    a, b = simhash(first), simhash(second)
    assert a is not None
    assert b is not None
    return (int(a, 16) ^ int(b, 16)).bit_count()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TEXT, "7b986bb72077641e"),
        (CHINESE, "671ea758579eae24"),
        ("Größe und Maße, " * 40, "2b750781a29ff780"),
        (" ".join(WORDS[: MIN_WORDS - 1]), None),
        ("", None),
    ],
)
def test_a_fingerprint_is_the_same_for_ever(text: str, expected: str | None) -> None:
    """Records of last year could not be compared with those of today."""
    assert simhash(text) == expected


def test_near_copies_differ_in_few_bits() -> None:
    """A page that shows the date would be another page every day."""
    assert distance(TEXT, TEXT.replace(WORDS[200], "tomorrow", 1)) <= 3
    assert distance(TEXT, TEXT.upper()) == 0
    assert distance(CHINESE, CHINESE.replace("首", "尾", 1)) <= 4


def test_other_texts_differ_in_many_bits() -> None:
    """Pages of one template would all be taken for copies of each other."""
    other = " ".join(WORDS[:100] + [f"other{n}" for n in range(300)])
    assert distance(TEXT, other) > 8
    # The same few words everywhere, as in an index, are not what a page is about.
    listed = [" ".join(f"{prefix}{n} (in module {n % 7})" for n in range(200)) for prefix in "ab"]
    assert distance(*listed) > 3


def _by_hand(text: str) -> str:
    words = [xxh3_64_intdigest(word.encode()) for word in text.split()]
    mask = 2**64 - 1
    pairs = [((one << 23 | one >> 41) & mask) ^ two for one, two in pairwise(words)]
    votes = [0] * 64
    for pair in set(pairs):
        weight = pairs.count(pair).bit_length()
        for bit in range(64):
            votes[bit] += weight if pair >> bit & 1 else -weight
    return f"{sum(1 << bit for bit, vote in enumerate(votes) if vote > 0):016x}"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from("abcdefgh"), min_size=MIN_WORDS, max_size=300))
def test_it_is_the_majority_of_the_bits(words: list[str]) -> None:
    """Counting many bits at once is easily off by one: then no two copies would be found."""
    text = " ".join(words)
    assert simhash(text) == _by_hand(text)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(), max_size=300))
def test_any_text_is_taken(text: str) -> None:
    """A lone surrogate would end the reader."""
    found = simhash(text * 3)
    assert found is None or len(found) == 16
