"""`crawler start`: crawl, show progress, say how it ended."""

import gc
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.cli.options import Flags, with_crawl_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawler.conf.settings import Settings
    from crawler.pipeline.ending import Ending
    from crawler.pipeline.watching.snapshot import Snapshot


@with_crawl_options
def start(flags: Flags) -> None:
    """Crawl the seeds; the same command goes on where an earlier run stopped.

    Seeds are files of URLs (one a line), URLs, or - for standard input. Without seeds an existing
    job goes on.
    """
    from crawler.conf.load import load_settings
    from crawler.qq import run_crawl

    # `main` has turned collection off. Modules are no garbage: they are never looked at again,
    # neither here nor in the readers.
    gc.freeze()
    gc.enable()

    def load() -> "Settings":
        return load_settings(flags, os.environ, Path.cwd())

    settings = load()
    ending = (
        run_crawl(settings, load=load)
        if settings.progress == "off"
        else _run_in_view(settings, load)
    )
    if settings.progress != "off" or ending.exit_code:
        with suppress(OSError):  # the terminal may be what is gone
            sys.stderr.write(f"crawler: {ending.line}\n")
            if settings.progress != "off":
                _sum_up(settings)
    sys.exit(ending.exit_code)


def _note(text: str) -> None:
    from crawler.cli.errors import say

    with suppress(OSError):
        say(text)


def _sum_up(settings: "Settings") -> None:
    from crawler.cli.live.summary import summarise

    job = Path(settings.job).absolute()
    output = job / "pages" if settings.output is None else Path(settings.output).absolute()
    sys.stderr.write(summarise(job, output, fresh=settings.fresh))


def _run_in_view(settings: "Settings", load: "Callable[[], Settings]") -> "Ending":
    from crawler.cli.live.progress import make_progress
    from crawler.qq import run_crawl

    progress = make_progress(
        settings.progress,
        color=not settings.no_color,
        job=str(settings.job),
        max_pages=settings.max_pages,
    )

    def show(snapshot: "Snapshot") -> None:
        with suppress(OSError):  # nobody sees it any more, and the crawl ends in good order
            progress.show(snapshot)

    try:
        return run_crawl(settings, load=load, on_snapshot=show, on_note=_note)
    finally:
        with suppress(OSError):
            progress.close()
