"""`python -m crawler.demo`: serve the demo web until a signal, or the end of stdin, comes."""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from crawler.demo.server import DemoServer, NoAddress
from crawler.demo.web import Web


def main() -> int:
    """Serve; print one JSON line that says where."""
    parser = argparse.ArgumentParser(prog="python -m crawler.demo", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--seeds", type=Path, help="write the seed list to this file")
    parser.add_argument("--stdin", action="store_true", help="end when stdin ends")
    options = parser.parse_args()
    try:
        asyncio.run(_serve(options.port, options.seeds, until_stdin_ends=options.stdin))
    except (NoAddress, OSError) as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1
    return 0


async def _serve(port: int, seeds_file: Path | None, *, until_stdin_ends: bool) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with DemoServer(port) as web:
        _announce(web, seeds_file)
        if not until_stdin_ends and sys.stderr.isatty():
            sys.stderr.write("serving; Ctrl-C ends it\n")
        if until_stdin_ends:
            loop.add_reader(sys.stdin.fileno(), ended.set)
        await ended.wait()


def _announce(web: Web, seeds_file: Path | None) -> None:
    if seeds_file is not None:
        seeds_file.write_text("".join(f"{seed}\n" for seed in web.seeds), encoding="utf-8")
    about = {
        "port": web.port,
        "addresses": list(web.sites),
        "seeds": web.seeds,
        "seeds_file": None if seeds_file is None else str(seeds_file),
        "crawled": web.crawled,
    }
    sys.stdout.write(json.dumps(about) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
