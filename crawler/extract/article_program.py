"""The process that finds main texts: pages come in on stdin, answers go out on stdout.

Run as a file, so it needs nothing of this package. A page can keep the library busy for minutes,
fill the memory or end the process; then it is this process that is ended, not a reader.

A page is its length (4 bytes, big-endian), its URL, a line end and its bytes, UTF-8; an answer is
the same with JSON: `main_text` and `markdown`, null where the page has none, or `error`. The first
answer, an empty one, comes when the library is loaded.
"""

import contextlib
import ctypes
import json
import logging
import os
import resource
import signal
import sys
from typing import Any, BinaryIO

_PR_SET_PDEATHSIG = 1
_SIGNS = "//a[.='\u00b6' or .='\u00a7' or .='#']"
"""Signs that documentation tools put behind headings, to link to them."""
MAX_BYTES = 2 << 30
"""Address space; the library takes a tenth of it for usual pages."""


def _read(stream: BinaryIO) -> bytes | None:
    head = stream.read(4)
    if len(head) < 4:
        return None
    return stream.read(int.from_bytes(head, "big"))


def _write(stream: BinaryIO, answer: dict[str, Any]) -> None:
    data = json.dumps(answer).encode()
    stream.write(len(data).to_bytes(4, "big") + data)
    stream.flush()


def _settle_in() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # They are for the crawl; this process ends with its reader.
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL.value, 0, 0, 0)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    with contextlib.suppress(OSError, ValueError):
        if hard == resource.RLIM_INFINITY or hard > MAX_BYTES:
            resource.setrlimit(resource.RLIMIT_AS, (MAX_BYTES, hard))


def _extract(page: bytes, kinds: list[str]) -> dict[str, Any]:
    from trafilatura import extract, load_html  # noqa: PLC0415 - the slow part of the start

    url, _, text = page.decode("utf-8", "replace").partition("\n")
    tree = load_html(text)
    if tree is None:
        return {}
    if "markdown" in kinds:
        # The library would take all that is relative for relative to the root.
        tree.make_links_absolute(url, handle_failures="ignore")
    return {
        kind: extract(
            tree,
            fast=True,
            include_comments=False,
            prune_xpath=_SIGNS,
            output_format="txt" if kind == "main_text" else "markdown",
            include_links=kind == "markdown",
        )
        for kind in kinds
    }


def main(page_seconds: float, kinds: list[str]) -> None:
    """Answer until stdin ends.

    Args:
        page_seconds: Processor time for one page; this process ends where it is not enough.
        kinds: Those of `main_text` and `markdown` that are wanted.
    """
    _settle_in()
    pages, answers = sys.stdin.buffer, sys.stdout.buffer
    # What a library prints must not get among the answers.
    sys.stdout = sys.stderr
    import trafilatura  # noqa: F401, PLC0415

    logging.disable(logging.CRITICAL)
    _write(answers, {})
    while (page := _read(pages)) is not None:
        # The signal's own action ends the process, in the middle of C code too.
        signal.setitimer(signal.ITIMER_PROF, page_seconds)
        try:
            answer = _extract(page, kinds)
        except Exception as fault:  # noqa: BLE001 - anything may come out of a strange page
            answer = {"error": type(fault).__name__}
        signal.setitimer(signal.ITIMER_PROF, 0)
        _write(answers, answer)


if __name__ == "__main__":
    try:
        main(float(sys.argv[1]), sys.argv[2:])
    except BrokenPipeError:
        os._exit(0)
