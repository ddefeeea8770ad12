"""`crawler start`: crawl, show progress, say how it ended."""

import gc
import os
import sys
from pathlib import Path

from crawler.cli.options import Flags, with_crawl_options


@with_crawl_options
def start(flags: Flags) -> None:
    """Crawl the seeds; the same command goes on where an earlier run stopped.

    Seeds are files of URLs (one a line), URLs, or - for standard input. Without seeds an existing
    job goes on.
    """
    from crawler.cli.progress import make_progress
    from crawler.conf.load import load_settings
    from crawler.qq import run_crawl

    # `main` has turned collection off. Modules are no garbage: they are never looked at again,
    # neither here nor in the readers.
    gc.freeze()
    gc.enable()
    settings = load_settings(flags, os.environ, Path.cwd())
    progress = make_progress(settings.progress, color=not settings.no_color)
    try:
        ending = run_crawl(settings, on_snapshot=progress.show)
    finally:
        progress.close()
    if settings.progress != "off" or ending.exit_code:
        sys.stderr.write(f"crawler: {ending.line}\n")
    sys.exit(ending.exit_code)
