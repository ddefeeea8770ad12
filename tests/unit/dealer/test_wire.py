"""Frames over real pipes."""

import asyncio
import os
from collections.abc import Iterator

import pytest

from crawler.dealer.wire import FrameSink, FrameSource
from tests.support.dealer_node import until


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for fd in ends:
        try:
            os.close(fd)
        except OSError:
            continue  # closed by the test


async def test_what_does_not_fit_waits_and_order_is_kept(pipe: tuple[int, int]) -> None:
    """A blocking write would stop the parent's loop; a dropped rest would tear the frame."""
    source = FrameSource(pipe[0])
    sink = FrameSink(pipe[1], asyncio.get_running_loop())
    sent = [[n, "x" * 40_000] for n in range(50)]
    for value in sent:
        sink.send(value)
    got: list[object] = []

    def arrived() -> bool:
        got.extend(source.read())
        return len(got) == 50

    await until(arrived)
    assert got == sent
    await sink.drain(1.0)
    sink.send("last")
    assert source.read() == ["last"]
    sink.close()
    assert source.read() == []
    assert source.ended


async def test_torn_frame_of_a_killed_writer_is_not_seen(pipe: tuple[int, int]) -> None:
    source = FrameSource(pipe[0])
    sink = FrameSink(pipe[1], asyncio.get_running_loop())
    sink.send([1, 2, 3])
    whole = os.read(pipe[0], 1000)
    os.write(pipe[1], whole + whole[:-1])
    sink.close()
    assert source.read(to_end=True) == [[1, 2, 3]]
    assert source.ended


@pytest.mark.parametrize("pieces", [1, 3])
async def test_frame_in_pieces(pipe: tuple[int, int], pieces: int) -> None:
    source = FrameSource(pipe[0])
    sink = FrameSink(pipe[1], asyncio.get_running_loop())
    sink.send({"a": "b"})
    whole = os.read(pipe[0], 1000)
    got: list[object] = []
    for start in range(0, len(whole), pieces):
        os.write(pipe[1], whole[start : start + pieces])
        got += source.read()
    assert got == [{"a": "b"}]


async def test_reader_that_is_gone_is_no_error(pipe: tuple[int, int]) -> None:
    sink = FrameSink(pipe[1], asyncio.get_running_loop())
    os.close(pipe[0])
    sink.send("x" * 100_000)
    assert sink.broken
    sink.send("y")
    await asyncio.wait_for(sink.drain(5.0), 1.0)
