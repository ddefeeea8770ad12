"""Sealed parts on a store in memory: packed, shipped, and found again at whatever point of it."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from crawler.errors import ConfigError, StorageError
from crawler.model.part import Part
from crawler.model.result import Batch, PartMark
from crawler.pipeline.recovery import recover
from crawler.pipeline.store import frontier_options
from crawler.pipeline.upkeep import aftercare, part_shipper
from crawler.pipeline.upkeep.aftercare import Aftercare
from crawler.pipeline.upkeep.part_packer import PartPacker
from crawler.pipeline.upkeep.part_shipper import arguments, environment, split_command, wait_ms
from crawler.sink.packing import pack_part, place
from crawler.sink.reading import open_part, packed_path, temporary_path
from tests.contract.conftest import pages, result
from tests.support.crawl import is_alive, poll
from tests.support.fetch import make_plan
from tests.support.memory_frontier import MemoryFrontier

pytestmark = pytest.mark.component

LINES = b"".join(b'{"n":%d}\n' % n for n in range(2000))
NOW = 1_000_000


class Job:
    """Parts with records, sealed; nothing is fetched."""

    def __init__(self, directory: Path, **plan) -> None:
        self.plan = make_plan(job=directory, output=directory, robots=False, delay_ms=0, **plan)
        self.store = MemoryFrontier(frontier_options(self.plan))
        self.now = NOW

    async def seal(self, count: int = 1, store: bytes = b"") -> list[Part]:
        await self.store.add(pages("a.example", count), now=NOW)
        for item in await self.store.claim(count, now=NOW):
            part = await self.store.new_part("r")
            (self.plan.output / part.name).write_bytes(LINES)
            if store:
                (self.plan.output / part.store_name).write_bytes(store)
            mark = PartMark(part.part_id, 0, len(LINES), 1, True, 0, len(store))
            await self.store.commit(Batch(results=[result(item)], parts=[mark]), now=NOW)
        return await self.store.parts()

    def care(self) -> Aftercare:
        return Aftercare(self.plan, self.store.sealed, lambda: self.now)

    def path(self, number: int = 1) -> Path:
        return self.plan.output / f"part-{number:06d}.jsonl"

    async def part(self) -> Part:
        return (await self.store.parts())[0]

    async def recover(self) -> None:
        await recover(self.store, self.plan.output, lambda: self.now)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path, compress_parts="zstd")


def _read(path: Path) -> bytes:
    with open_part(path) as file:
        return file.read()


async def test_all_parts_are_packed_at_the_end(job: Job) -> None:
    await job.seal(3)
    await job.care().finish()
    names = sorted(path.name for path in job.plan.output.glob("part-*"))
    assert names == [f"part-{n:06d}.jsonl.zst" for n in (1, 2, 3)]
    assert [part.packed for part in await job.store.parts()] == [".zst"] * 3
    assert _read(job.path(2)) == LINES


async def test_parts_are_packed_while_the_crawl_runs(job: Job) -> None:
    care = job.care()
    await care.beat()
    await job.seal()
    await care.beat()
    assert job.path().exists()  # it has looked less than a second ago
    job.now += aftercare.LOOK_MS
    async with asyncio.timeout(60):
        while (await job.part()).packed is None:
            await care.beat()
            await asyncio.sleep(0.01)
    assert not job.path().exists()


async def test_a_stop_begins_nothing_and_leaves_the_part_whole(job: Job) -> None:
    await job.seal()
    care = job.care()
    await care.beat()
    care.wind_down()
    care.abandon()
    await care.beat()
    assert sorted(job.plan.output.glob("part-*")) == [job.path()]
    assert job.path().read_bytes() == LINES


async def test_a_part_that_cannot_be_packed_holds_up_no_other(job: Job) -> None:
    await job.seal(2)
    job.path(1).write_bytes(LINES[:-1])
    await job.care().finish()
    assert [part.packed for part in await job.store.parts()] == [None, ".zst"]
    assert job.path(1).read_bytes() == LINES[:-1]


async def test_what_is_pruned_while_it_is_packed_leaves_no_file(job: Job) -> None:
    await job.seal()
    care = job.care()
    await care.beat()
    await job.store.sealed.prune([1])
    await care.finish()
    assert list(job.plan.output.glob("part-*.zst")) == []


# -- at which point packing was killed


def _packed_file(job: Job) -> None:
    pack_part(job.path(), len(LINES))
    place(job.path())


async def test_killed_while_it_was_written(job: Job) -> None:
    await job.seal()
    temporary_path(job.path()).write_bytes(b"half of it")
    await job.recover()
    assert sorted(job.plan.output.glob("part-*")) == [job.path()]


async def test_killed_before_the_store_knew(job: Job) -> None:
    await job.seal()
    _packed_file(job)
    await job.recover()
    assert sorted(job.plan.output.glob("part-*")) == [job.path()]
    assert _read(job.path()) == LINES


async def test_killed_before_the_plain_file_was_removed(job: Job) -> None:
    await job.seal()
    _packed_file(job)
    await job.store.sealed.set_packed(1, ".zst")
    await job.recover()
    assert sorted(job.plan.output.glob("part-*")) == [packed_path(job.path())]
    assert _read(job.path()) == LINES


@pytest.mark.parametrize("told", [".zst", None])
async def test_the_form_that_is_whole_is_kept_whatever_the_store_says(
    job: Job, told: str | None
) -> None:
    await job.seal()
    _packed_file(job)
    await job.store.sealed.set_packed(1, told)
    damaged = packed_path(job.path()) if told else job.path()
    damaged.write_bytes(damaged.read_bytes()[:-1])
    await job.recover()
    part = await job.part()
    assert part.bytes == len(LINES)
    assert part.packed == (None if told else ".zst")
    assert _read(job.path()) == LINES
    assert not damaged.exists()


async def test_a_packed_part_that_was_cut_is_crawled_again(job: Job) -> None:
    await job.seal()
    await job.care().finish()
    packed = packed_path(job.path())
    packed.write_bytes(packed.read_bytes()[:-1])
    await job.recover()
    assert (await job.part())[2:4] == (0, 0)
    assert (await job.store.counters())["ready"] == 1
    assert not packed.exists()


async def test_a_packed_part_that_is_missing_ends_the_start(job: Job) -> None:
    await job.seal()
    await job.care().finish()
    packed_path(job.path()).unlink()
    with pytest.raises(StorageError, match="part missing"):
        await job.recover()


# -- shipping

TAKE = "import os,sys; open(sys.argv[1],'a').write(os.environ['CRAWLER_PART_NAME']+'\\n')"


def _job_that_ships(tmp_path: Path, code: str, *words: str, **plan) -> Job:
    (tmp_path / "job").mkdir()
    script = tmp_path / "ship.py"
    script.write_text(code)
    command = " ".join([sys.executable, str(script), *words])
    return Job(tmp_path / "job", on_part_sealed=command, **plan)


async def test_parts_are_shipped_in_order_after_they_are_packed(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    job = _job_that_ships(tmp_path, TAKE, str(taken), compress_parts="zstd")
    await job.seal(3)
    await job.care().finish()
    assert taken.read_text().split() == [f"part-{n:06d}.jsonl.zst" for n in (1, 2, 3)]
    assert all(part.shipped for part in await job.store.parts())
    await job.care().finish()
    assert len(taken.read_text().split()) == 3


async def test_a_failure_is_tried_again_when_it_is_due(tmp_path: Path) -> None:
    job = _job_that_ships(tmp_path, "import sys; print('no route'); sys.exit(4)")
    await job.seal()
    care = job.care()

    async def until(tries: int) -> None:
        async with asyncio.timeout(60):
            while (await job.part()).ship_tries < tries:
                await care.beat()
                await asyncio.sleep(0.01)

    await until(1)
    shipping = await job.store.sealed.shipping()
    assert shipping == (1, 1, NOW + part_shipper.FIRST_WAIT_MS, 1, "exit code 4")
    job.now += part_shipper.FIRST_WAIT_MS - 1
    await care.beat()
    care.abandon()
    assert (await job.part()).ship_tries == 1
    job.now += aftercare.LOOK_MS
    await until(2)
    assert (await job.store.sealed.shipping()).next_due == job.now + 2 * part_shipper.FIRST_WAIT_MS


async def test_what_the_command_took_away_is_no_loss(tmp_path: Path) -> None:
    job = _job_that_ships(tmp_path, "import os,sys; os.unlink(sys.argv[1])")
    await job.seal()
    await job.care().finish()
    part = await job.part()
    assert (part.shipped, part.pruned) == (True, True)
    await job.recover()
    assert (await job.store.counters())["done"] == 1


async def test_what_was_taken_away_later_is_no_loss_either(tmp_path: Path) -> None:
    job = _job_that_ships(tmp_path, "")
    await job.seal(2)
    await job.care().finish()
    job.path(1).unlink()
    await job.recover()
    assert [part.pruned for part in await job.store.parts()] == [True, False]


async def test_a_command_that_hangs_is_ended_with_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import os,subprocess,sys,time\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "open('pid.new', 'w').write(str(p.pid)); os.rename('pid.new', 'pid'); time.sleep(600)"
    )
    monkeypatch.chdir(tmp_path)
    job = _job_that_ships(tmp_path, code)
    await job.seal()
    finishing = asyncio.ensure_future(job.care().finish())
    async with asyncio.timeout(60):
        while not (tmp_path / "pid").exists():
            await asyncio.sleep(0.01)
    # Its time is up once it has started what it starts, however long that takes here.
    monkeypatch.setattr(part_shipper, "TIMEOUT_S", 0.01)
    await finishing
    shipping = await job.store.sealed.shipping()
    assert (shipping.waiting, shipping.error) == (1, "took longer than 0.01 s")
    child = int((tmp_path / "pid").read_text())
    poll(lambda: not is_alive(child), "the end of what the command started")


def test_the_path_is_put_where_it_is_asked_for_or_at_the_end() -> None:
    places = {"path": "/p/{job}", "name": "n", "store": "", "job": "/j"}
    assert arguments(["mv", "-n"], places) == ["mv", "-n", "/p/{job}"]
    assert arguments(["cp", "{path}", "to/{name}", "{store}"], places) == [
        *("cp", "/p/{job}", "to/n", "")
    ]


def test_the_command_does_not_see_what_is_ours() -> None:
    outer = {
        "PATH": "/bin",
        "CRAWLER_HTTP_TOKEN": "s",
        "NOTIFY_SOCKET": "/run/n",
        "WATCHDOG_PID": "1",
    }
    places = {"path": "p", "name": "n", "store": "", "job": "j"}
    found = environment(outer, Part(1, "n", 5, 2, True), places)
    assert sorted(found) == [
        *("CRAWLER_JOB", "CRAWLER_PART_BYTES", "CRAWLER_PART_NAME", "CRAWLER_PART_PATH"),
        *("CRAWLER_PART_RECORDS", "PATH"),
    ]


@pytest.mark.parametrize(
    ("command", "what"),
    [("", "no command"), ("'open", "cannot be split"), ("no-such-program-x {path}", "no program")],
)
def test_a_command_that_cannot_be_run_is_told_at_once(command: str, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        split_command(command)


def test_braces_that_the_command_is_to_see_are_left_to_it() -> None:
    places = {"path": "/p", "name": "n", "store": "", "job": "/j"}
    assert arguments(["put", "{{name}}", "x{name}"], places) == ["put", "{name}", "xn"]
    assert arguments(["put", "{{name}}"], places) == ["put", "{name}", "/p"]


def test_waits_double_up_to_an_hour() -> None:
    assert [wait_ms(n) // 1000 for n in (1, 2, 3, 7, 8, 999)] == [30, 60, 120, 1920, 3600, 3600]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_signals_to_the_whole_group_leave_the_packing_alone(
    job: Job, number: signal.Signals
) -> None:
    """A stop in good order would warn of a part that could not be packed, and leave it so."""
    (part,) = await job.seal()
    packer = PartPacker(job.plan.output, part)
    os.kill(packer._process.pid, number)  # it has hardly begun: no handler of its own is there yet
    ended = poll(packer.poll, "the end of the packing")
    assert ended.error == ""
    assert ended.made is not None
    assert signal.SIGTERM not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
