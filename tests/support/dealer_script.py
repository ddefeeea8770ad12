"""A node as a program, for tests that signal or kill it: `python -m tests.support.dealer_script`.

The argument is a JSON object: `count`, `hosts`, `sleep_s` of the readers, `grace_s`, `block`
(a URL's number whose reader blocks), `freeze_s` (block the parent's loop after so long),
`parent_stuck_s`, `reader_stuck_s`, `signal_at_fork` (each new reader is sent it before it runs a
line of its own). Prints JSON lines: `ready` once a reader has begun, then `end`.
"""

import asyncio
import json
import os
import sys
import time
from typing import Any

from crawler.dealer import run as run_module
from crawler.model.work import Item
from tests.support.dealer_node import MemoryNode, crawl_queue, quick_reader, urls


def say(event: str, **values: Any) -> None:
    print(json.dumps({"event": event, **values}), flush=True)


async def main(options: dict[str, Any]) -> None:
    node = MemoryNode(urls(options["count"], options.get("hosts", 1000)))
    node.keep_running = True
    begun = options.get("begun", 1)

    async def reader(item: Item, ctx: dict[str, Any]) -> None:
        if item.url.endswith(f"/{options.get('block')}"):
            time.sleep(3600)
        try:
            await asyncio.sleep(options["sleep_s"])
        except asyncio.CancelledError:
            ctx["link"].returned([item])
            raise
        await quick_reader(item, ctx)

    queue = crawl_queue(
        node,
        reader,
        per_host=1000,
        concurrent_tasks_per_process=options.get("concurrency", 16),
        graceful_shutdown_timeout=options.get("grace_s", 8.0),
    )
    run_module._GRACE_MAX_S = max(run_module._GRACE_MAX_S, options.get("grace_s", 0))
    queue.parent_stuck_s = options.get("parent_stuck_s", 30.0)
    queue.reader_stuck_s = options.get("reader_stuck_s", 10.0)
    if "signal_at_fork" in options:
        number = options["signal_at_fork"]
        os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), number))
    ready = False

    def beat() -> None:
        nonlocal ready
        run = queue._run
        live = run._dealer.readers if run is not None else []
        works = sum(len(reader.region.begun()) for reader in live) + len(node.settled_urls)
        if not ready and len(live) == 2 and all(r.ready for r in live) and works >= begun:
            ready = True
            say("ready")
            if "freeze_s" in options:
                time.sleep(options["freeze_s"])

    node.on_beat = beat
    ending = await queue.main()
    say(
        "end",
        reason=ending.reason,
        signal=ending.signal,
        settled=len(node.settled_urls),
        twice=sum(count > 1 for count in node.settled_urls.values()),
        leased=len(node.leased),
        crashed=sum(node.crashed.values()),
        back=len(node.given_back),
        claims=len(node.claims),
    )


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
