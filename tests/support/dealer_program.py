"""Runs `dealer_script` in a process group of its own, so that it can be signalled and killed."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support.dealer_node import is_gone, readers, until

ROOT = Path(__file__).parents[2]
LIMIT_S = 60.0
"""Loaded machines must not fail a test, hangs must: what is not to be waited for takes an hour."""


class Program:
    """The script and what it says."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.pid = process.pid
        self.readers: list[int] = []

    async def hear(self, event: str) -> dict[str, Any]:
        assert self.process.stdout is not None
        while line := await asyncio.wait_for(self.process.stdout.readline(), LIMIT_S):
            said: dict[str, Any] = json.loads(line)
            if said["event"] == event:
                return said
        raise AssertionError(f"the program ended without {event!r}")

    async def end(self) -> int:
        code = await asyncio.wait_for(self.process.wait(), LIMIT_S)
        await until(lambda: all(map(is_gone, self.readers)))
        return code


@asynccontextmanager
async def program(**options: Any) -> AsyncIterator[Program]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.dealer_script", json.dumps(options),
        stdout=asyncio.subprocess.PIPE, start_new_session=True, cwd=ROOT,
    )  # fmt: skip
    run = Program(process)
    try:
        await run.hear("ready")
        run.readers = readers(run.pid)
        assert len(run.readers) == 2
        yield run
    finally:
        for pid in (*run.readers, process.pid):
            if not is_gone(pid):
                os.kill(pid, signal.SIGKILL)
        await process.wait()
