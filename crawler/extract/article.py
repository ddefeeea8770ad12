"""Main texts of pages, found in a process of their own (`article_program`).

The library takes ten times as long for a page as all else that is done with it, and minutes for one
that is made to be slow; nothing in Python can stop that but ending the process.
"""

import asyncio
import contextlib
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from crawler.errors import lack_of
from crawler.model.text import cut

MAX_PAGE_BYTES = 1_000_000
"""Of a longer page the rest is not looked at."""
MAX_TEXT_BYTES = 1_000_000
_START_SECONDS = 60
"""Loading the library takes less than one on a machine that does nothing else."""
_LAST_SECONDS = 5
"""From the end of its output to the end of a process."""
_PROGRAM = Path(__file__).with_name("article_program.py")


class Article(NamedTuple):
    """What the main text of a page is; None where none was found, or not looked for."""

    main_text: str | None = None
    markdown: str | None = None
    error: str | None = None
    """Why it could not be found out; one line."""


class ArticleReader:
    """Asks one process for one page at a time; starts it at the first page, and after an accident.

    Args:
        kinds: Those of `main_text` and `markdown` that are wanted.
        page_seconds: Of processor time: more than this no page gets.
        wait_seconds: Longer than this no page waits for its turn, nor for its answer.
    """

    def __init__(self, kinds: Sequence[str], *, page_seconds: float, wait_seconds: float) -> None:
        self._command = (sys.executable, "-P", str(_PROGRAM), str(page_seconds), *kinds)
        self._page_seconds = page_seconds
        self._wait_seconds = wait_seconds
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def read(self, url: str, page: bytes) -> Article:
        """Return the main text of an HTML page in UTF-8; never raises for a page."""
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._turn.acquire()
        except TimeoutError:
            return Article(error=f"main text: no turn within {self._wait_seconds:g} s")
        try:
            return await self._read(b"%s\n%s" % (url.encode(), page[:MAX_PAGE_BYTES]))
        finally:
            self._turn.release()

    async def _read(self, page: bytes) -> Article:
        answered = False
        try:
            async with asyncio.timeout(_START_SECONDS):
                process = self._process or await self._start()
            async with asyncio.timeout(self._wait_seconds):
                answer = await _ask(process, page)
            answered = True
        except TimeoutError:
            return Article(error=f"main text: no answer within {self._wait_seconds:g} s")
        except (OSError, EOFError, ValueError) as error:
            if (lack := lack_of(error)) is not None:
                raise lack from error
            return Article(error=f"main text: {await self._end()}")
        finally:
            # Also where this task is cancelled: the next page must not get this one's answer.
            if not answered:
                await self.close()
        return _article(answer)

    async def _start(self) -> Process:
        self._process = process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        await _answer(process)
        return process

    async def _end(self) -> str:
        """Return how the process ended."""
        process = self._process
        if process is not None:
            # Asyncio looks before it kills, and what it sees then its own wait never learns.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_SECONDS):
                    await process.wait()
        await self.close()
        if process is not None and process.returncode == -signal.SIGPROF:
            return f"takes more than {self._page_seconds:g} s"
        return "its process ended over this page"

    async def close(self) -> None:
        """End the process; the next page starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _ask(process: Process, page: bytes) -> dict[str, Any]:
    assert process.stdin is not None  # noqa: S101 - for the type checker
    process.stdin.write(len(page).to_bytes(4, "big") + page)
    await process.stdin.drain()
    return await _answer(process)


async def _answer(process: Process) -> dict[str, Any]:
    assert process.stdout is not None  # noqa: S101 - for the type checker
    size = int.from_bytes(await process.stdout.readexactly(4), "big")
    answer = orjson.loads(await process.stdout.readexactly(size))
    if not isinstance(answer, dict):
        raise ValueError("an answer of ours is an object")  # noqa: TRY004
    return answer


def _article(answer: dict[str, Any]) -> Article:
    if "error" in answer:
        return Article(error=f"main text: {answer['error']} in the library")
    return Article(_kept(answer.get("main_text")), _kept(answer.get("markdown")))


def _kept(text: str | None) -> str | None:
    return cut(text.strip(), MAX_TEXT_BYTES) or None if text else None
