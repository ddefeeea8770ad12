"""Check the records of a run against the list: each page exactly once, nothing else, all links."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from benchmarks.corpus import is_counted


class Verdict(NamedTuple):
    """How the records of a run compare with the list."""

    pages: int
    """Listed pages that have exactly one good record."""
    missing: Sequence[str]
    twice: Sequence[str]
    unlisted: Sequence[str]
    bad: Sequence[str]
    """Records with an error, another status than 200, or another number of links than listed."""

    @property
    def good(self) -> bool:
        """Say whether nothing is wrong."""
        return not (self.missing or self.twice or self.unlisted or self.bad)

    def words(self) -> str:
        """Return one line for the reader."""
        if self.good:
            return "complete"
        faults = {
            "missing": self.missing,
            "twice": self.twice,
            "unlisted": self.unlisted,
            "bad": self.bad,
        }
        return "; ".join(
            f"{len(urls)} {name} (first: {urls[0]})" for name, urls in faults.items() if urls
        )


def verify(files: Iterable[Path], manifest: Mapping[str, Any]) -> Verdict:
    """Read JSONL files and compare their records with a workload's manifest."""
    links = dict(zip(manifest["urls"], manifest["distinct_links"], strict=True))
    counts: Counter[str] = Counter()
    bad = set()
    for file in files:
        with file.open("rb") as lines:
            for line in lines:
                record = orjson.loads(line)
                url = record["url"]
                counts[url] += 1
                is_fine = record.get("error") is None and record.get("status", 200) == 200
                wanted = links.get(url)
                if wanted is not None:
                    is_fine &= wanted == len({t for t in record["links"] if is_counted(t)})
                if not is_fine:
                    bad.add(url)
    return Verdict(
        pages=sum(1 for url in links if counts[url] == 1 and url not in bad),
        missing=sorted(links.keys() - counts.keys()),
        twice=sorted(url for url, count in counts.items() if count > 1),
        unlisted=sorted(counts.keys() - links.keys()),
        bad=sorted(bad),
    )
