"""`inspect` on the directory of a job: what the frontier has committed, and not a byte more."""

from pathlib import Path

import pytest

from crawler.cli.comparing.visits import find_pair
from crawler.cli.looking.overview import overview
from crawler.cli.records.files import Tally, find_sources, read_records
from crawler.errors import ConfigError
from crawler.frontier.sqlite import SqliteFrontier
from crawler.model.result import Batch, PartMark
from crawler.ports import FrontierOptions

pytestmark = pytest.mark.component
OPTIONS = FrontierOptions(delay_ms=0, per_host=1, lease_ms=1000, window_ms=0, robots=True)
LINE = b'{"url": "http://a.example/"}\n'


async def job(root: Path, output: Path | None = None) -> Path:
    """A job with one part of two committed lines, and a third that was written after them."""
    pages = output or root / "pages"
    pages.mkdir(parents=True)
    root.mkdir(exist_ok=True)
    frontier = SqliteFrontier(root / "frontier.db", OPTIONS)
    await frontier.open()
    part = await frontier.new_part("reader-1")
    await frontier.new_part("reader-2")  # registered, and never written
    mark = PartMark(part.part_id, 0, 2 * len(LINE), 2)
    await frontier.commit(Batch(parts=[mark]), now=1)
    if output is not None:
        await frontier.set_meta({"rules": f'{{"output": "{output}"}}'})
    await frontier.close()
    (pages / part.name).write_bytes(3 * LINE)
    return pages


def count(*paths: Path) -> tuple[int, Tally]:
    tally = Tally()
    sources = find_sources(paths, tally)
    return sum(1 for source in sources for _ in read_records(source, tally)), tally


async def test_lines_that_are_not_committed_are_not_shown(tmp_path, in_thread):
    """They may be cut off and fetched again: counting them shows pages that later are not there."""
    pages = await job(tmp_path / "crawl")
    assert (await in_thread(count, tmp_path / "crawl"))[0] == 2
    assert (await in_thread(count, pages))[0] == 2
    assert (await in_thread(count, tmp_path / "crawl", pages))[0] == 2


async def test_the_parts_of_another_output_directory_are_found(tmp_path, in_thread):
    """With --output nothing is in JOB/pages; an empty summary would look like a failed crawl."""
    await job(tmp_path / "crawl", tmp_path / "elsewhere")
    assert (await in_thread(count, tmp_path / "crawl"))[0] == 2


async def test_a_part_that_lost_bytes_is_named(tmp_path, in_thread):
    """A summary of what is left must not look like one of everything."""
    pages = await job(tmp_path / "crawl")
    [part] = pages.iterdir()
    part.write_bytes(LINE)
    found, tally = await in_thread(count, tmp_path / "crawl")
    assert found == 1
    assert tally.notes == [f"{part} lacks {len(LINE)} bytes that were committed"]
    part.unlink()
    found, tally = await in_thread(count, tmp_path / "crawl")
    assert found == 0
    assert tally.notes == [f"{part} lacks {2 * len(LINE)} bytes that were committed"]


async def test_a_record_that_may_have_been_in_a_lost_part_is_not_denied(tmp_path, in_thread):
    """A page is said to have no record, and nobody looks for the part that has months of it."""
    pages = await job(tmp_path / "crawl")
    [part] = pages.iterdir()
    part.unlink()
    with pytest.raises(ConfigError, match=f"has no record .* {part} lacks {2 * len(LINE)} bytes"):
        await in_thread(find_pair, tmp_path / "crawl", ["http://a.example/"], None)


async def test_a_job_whose_parts_are_gone_has_not_just_begun(tmp_path, in_thread):
    """A disk that is not mounted would look like a crawl that has fetched nothing yet."""
    root = tmp_path / "crawl"
    pages = await job(root)
    frontier = SqliteFrontier(root / "frontier.db", OPTIONS)
    await frontier.open()
    part = await frontier.new_part("reader-3")
    await frontier.commit(Batch(parts=[PartMark(part.part_id, 0, len(LINE), 1)]), now=2)
    await frontier.close()
    (pages / part.name).write_bytes(LINE)
    (pages / "part-000001.jsonl").rename(tmp_path / "away")
    found, tally = await in_thread(count, root)
    assert (found, tally.parts_gone) == (1, 1)
    (pages / part.name).unlink()
    said = f"no records in {root}: {pages} lacks 2 of 2 parts, {3 * len(LINE)} bytes that were"
    with pytest.raises(ConfigError, match=f"^{said} committed$"):
        await in_thread(overview, [root], 5, None)


async def test_a_job_without_its_store_says_that_all_is_read(tmp_path, in_thread):
    """What a crawl would cut off and fetch again is counted then, and nothing tells why."""
    root = tmp_path / "crawl"
    pages = await job(root)
    (root / "frontier.db").unlink()
    assert (await in_thread(count, root))[1].notes == []  # a directory with records, of anybody
    (root / "manifest.json").write_text("{}")
    said = f"{root} has lost its frontier.db: its parts are read whole, committed or not"
    for path in (root, pages):
        found, tally = await in_thread(count, path)
        assert (found, tally.notes) == (3, [said])


async def test_looking_changes_nothing(tmp_path, in_thread):
    """People look at jobs that others own, or that are running."""
    pages = await job(tmp_path / "crawl")
    store = tmp_path / "crawl" / "frontier.db"
    before = store.read_bytes()
    await in_thread(count, pages)
    assert store.read_bytes() == before


@pytest.fixture
def in_thread():
    """`inspect` runs an event loop of its own, so not in the test's."""
    import asyncio

    return asyncio.to_thread
