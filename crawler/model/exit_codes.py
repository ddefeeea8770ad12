"""What the exit codes of the command line mean; `docs/reference/exit-codes.md` is made from it."""

from collections.abc import Mapping

EXIT_CODES: Mapping[int, tuple[str, str]] = {
    0: ("complete, or a page or byte budget was reached (whatever waits then)", "nothing"),
    1: (
        "internal error",
        "look into the log, report it; the same command goes on where it was",
    ),
    2: (
        "usage or configuration: a bad flag, variable, seed or crawl file",
        "correct it; a service manager must not restart",
    ),
    3: (
        "storage: disk full, part missing, not writable, frontier locked; no file or memory left",
        "make room or repair, end what locks it; the same command goes on",
    ),
    4: (
        "the frontier is unreachable or damaged, or in use by another crawler",
        "see the message; nothing was changed",
    ),
    5: (
        "finished, with more failures than `--max-failures`",
        "look at the records with an `error`",
    ),
    6: (
        "no seed could be fetched: all seeds are final and none answered",
        "check the seeds and the network, then `crawler retry` and start again",
    ),
    7: (
        "URLs are left: deferred for longer than `--max-wait`, of paused hosts, or `--max-time` up",
        "run it again later, after `crawler resume` of what you paused; the manifest names hosts",
    ),
    8: (
        "`crawler report --fail-on`: something of that severity, or worse, was found",
        "read the report; the crawl itself is whole",
    ),
    129: ("stopped by SIGHUP: its terminal is gone", "the same command goes on"),
    130: ("stopped by Ctrl-C (SIGINT)", "the same command goes on"),
    141: ("the reader of the output went away before all was written, as `head` may do", "nothing"),
    143: ("stopped by SIGTERM", "the same command goes on"),
}
"""Meaning and remedy by code; of several that hold `crawler.pipeline.ending` takes the gravest."""
