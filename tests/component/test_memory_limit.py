"""A reader process cannot take the machine's memory with it."""

import subprocess
import sys
from pathlib import Path

import pytest

from crawler.dealer.process import MAX_READER_BYTES
from tests.support.crawl import Crawl, poll
from tests.support.web import Web, page

pytestmark = [
    pytest.mark.component,
    pytest.mark.skipif(sys.platform != "linux", reason="limits are read from /proc"),
]


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_beyond_it_an_allocation_fails() -> None:
    take = "\ntry:\n    bytearray(1 << 30)\nexcept MemoryError:\n    print('refused')"
    limit = "from crawler.dealer.process import limit_memory; limit_memory(1 << 29)"
    assert run("pass" + take) == ""
    assert run(limit + take) == "refused"


def test_a_lower_limit_is_kept() -> None:
    code = """
import resource
from crawler.dealer.process import limit_memory
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
limit_memory(1 << 32)
print(resource.getrlimit(resource.RLIMIT_AS) == (1 << 30, 1 << 30))
"""
    assert run(code) == "True"


def test_a_reader_has_it(tmp_path: Path) -> None:
    held = page()._replace(held=True)
    with Web({"/": held}) as web:
        crawl = Crawl(tmp_path / "job", web.url("/"), "--delay", "0", "-p", "1").start()
        poll(lambda: "/" in web.paths(), "the page to be asked for")
        limits = Path(f"/proc/{crawl.readers()[0]}/limits").read_text()
        web.release.set()
        assert crawl.wait() == 0
    line = next(line for line in limits.splitlines() if line.startswith("Max address space"))
    assert line.split()[3] == str(MAX_READER_BYTES)
