"""Sentences from the word lists: the same words for the same page, on every machine."""

import random
from collections.abc import Sequence
from itertools import accumulate

from crawler.demo import words

_EDITION = "first edition"
_PLACES = tuple(name for group in words.ARTICLES["places"].values() for name in group)
_WINDS = words.ARTICLES["skies"]["winds"]


class Writer:
    """Writes one page; two writers of the same page write the same."""

    def __init__(self, page: str) -> None:
        self._chance = random.Random(f"{_EDITION}/{page}")  # noqa: S311 - prose, not secrets

    def pick(self, choices: Sequence[str]) -> str:
        return self._chance.choice(choices)

    def number(self, least: int, most: int) -> int:
        return self._chance.randint(least, most)

    def some(self, choices: Sequence[str], count: int) -> list[str]:
        """Return up to `count` different ones, in no order."""
        return self._chance.sample(choices, min(count, len(choices)))

    def paragraph(
        self, sentences: Sequence[str], count: int, *, name: str = "", others: Sequence[str] = ()
    ) -> str:
        """Return `count` different sentences with their gaps filled."""
        return " ".join(
            self._fill(sentence, name, others) for sentence in self.some(sentences, count)
        )

    def paragraphs(
        self, sentences: Sequence[str], lengths: Sequence[int], *, name: str, others: Sequence[str]
    ) -> list[str]:
        """Return one paragraph of each length; no sentence comes twice."""
        rest = self.some(sentences, len(sentences))
        ends = list(accumulate(lengths))
        return [
            " ".join(self._fill(sentence, name, others) for sentence in rest[end - length : end])
            for length, end in zip(lengths, ends, strict=True)
        ]

    def _fill(self, sentence: str, name: str, others: Sequence[str]) -> str:
        text = sentence.format(
            name=name,
            other=self.pick(others or _PLACES),
            place=self.pick(_PLACES),
            person=self.pick(words.PEOPLE),
            trade=self.pick(words.TRADES),
            adjective=self.pick(words.ADJECTIVES),
            wind=self.pick(_WINDS).removeprefix("The "),
            day=self.pick(words.DAYS),
            year=self.number(1688, 1954),
            number=self.number(3, 90),
        )
        text = text.replace("The The ", "The ").replace("the The ", "the ")
        return text[0].upper() + text[1:]
