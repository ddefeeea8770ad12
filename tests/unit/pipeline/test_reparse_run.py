"""Parts that are made anew: whole, from all of their pieces, or not there."""

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from crawler.conf.load import load_settings
from crawler.conf.plan import make_plan
from crawler.errors import CrawlerError
from crawler.pipeline.committed import committed
from crawler.pipeline.reparsing import run as reparse_run
from crawler.pipeline.reparsing.reparsing import Piece, Reread
from crawler.pipeline.reparsing.run import Advance, Reparse, plan_of_job
from tests.support.stored_job import page, store_job


@pytest.fixture
def reparse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reparse:
    """Two parts of ten pages, in pieces of a line or two."""
    monkeypatch.setattr(reparse_run, "_LEAST_PIECE_BYTES", 1500)
    store_job(tmp_path, [page(n) for n in range(10)], [page(n) for n in range(10, 20)])
    found = asyncio.run(committed(tmp_path))
    plan = plan_of_job(make_plan(load_settings({"job": str(tmp_path)}, {}, tmp_path)), found)
    (tmp_path / "out").mkdir()
    return Reparse(plan, found, tmp_path / "out")


def copied(pieces: Iterable[Piece], directory: Path) -> Iterator[Reread]:
    """Every piece as it was."""
    for piece in pieces:
        data = (directory / piece.part).read_bytes()[piece.start : piece.end]
        yield Reread(piece=piece, lines=data, records=data.count(b"\n"))


def test_pieces_are_whole_lines_and_make_the_part(reparse: Reparse, tmp_path: Path) -> None:
    """A line that is cut in two would be lost twice."""
    seen: list[Piece] = []

    def run(pieces: Iterable[Piece]) -> Iterator[Reread]:
        for answer in copied(pieces, tmp_path / "pages"):
            seen.append(answer.piece)
            assert answer.lines.endswith(b"\n")
            yield answer

    advances: list[Advance] = []
    outcome = reparse.run(run, 2, advances.append)
    assert len(seen) > 4
    assert (outcome.parts, outcome.records) == (2, 20)
    assert advances[-1].done_bytes == advances[-1].total_bytes
    for name in ("part-000001.jsonl", "part-000002.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "pages" / name).read_bytes()


@pytest.mark.parametrize("missing", [0, 1, -1])
def test_a_part_of_which_a_piece_is_missing_is_not_there(
    reparse: Reparse, tmp_path: Path, missing: int
) -> None:
    """A shorter part would look like a whole one."""

    def run(pieces: Iterable[Piece]) -> Iterator[Reread]:
        first = [one for one in pieces if one.part == "part-000001.jsonl"]
        answers = list(copied(first, tmp_path / "pages"))
        del answers[missing]
        return iter(answers)

    with pytest.raises(CrawlerError, match=r"part-000001\.jsonl: what was read again from byte"):
        reparse.run(run, 2, lambda _: None)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["manifest.json"]
