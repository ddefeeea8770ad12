"""`crawler reload`: let the crawl that runs read its settings again, and say what came of it."""

import sys
import time
from typing import TYPE_CHECKING, Any

from crawler.cli.options import JobOption

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.job.lock import Holder

WITHIN_S = 10.0
"""It answers between two batches; what is under way may take longer."""
_POLL_S = 0.05
_HANGUP = 1 << 0
"""Of SIGHUP, signal 1, in the masks of /proc."""
_TERMINAL = 4
"""The field of /proc/PID/stat, counted from the state."""


def reload(job: JobOption = None) -> None:
    """Let the crawl that runs read its crawl file again; say what changed, or what is wrong in it.

    Sends SIGHUP, but only where that is what it means: to a crawl without a terminal.
    """
    from crawler.cli.job_control import job_path
    from crawler.cli.printable import printable

    sys.stdout.write(printable(_reload(job_path(job))) + "\n")


def _reload(job: "Path") -> str:
    import os
    import signal

    from crawler.cli.job_control import is_here
    from crawler.cli.live.log_tail import LogTail
    from crawler.errors import ConfigError, JobLocked
    from crawler.job.directory import has_store, job_flag
    from crawler.job.lock import holder

    if not has_store(job):
        raise ConfigError(f"no job in {job}: name one with --job")
    held = holder(job)
    if held is None:
        return f"no crawl runs in {job}: the next start reads all"
    if not is_here(held):
        raise JobLocked(f"{job} is in use by {held}: reload it there")
    if (why := _why_not(held, job_flag(job))) is not None:
        raise JobLocked(f"process {held.pid} {why}; nothing was sent")
    log = LogTail(job / "logs" / "crawler.jsonl", from_end=True)
    try:
        os.kill(held.pid, signal.SIGHUP)
    except ProcessLookupError:
        return f"no crawl runs in {job}: the next start reads all"
    except PermissionError:
        raise JobLocked(f"{held} is another user's: reload it as that user") from None
    return _answer(log, held)


def _why_not(held: "Holder", flag: str) -> str | None:
    """Return why SIGHUP would not make it read its settings; None: it would."""
    from pathlib import Path

    try:
        process = Path(f"/proc/{held.pid}")
        status = (process / "status").read_text(encoding="utf-8", errors="replace")
        stat = (process / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "does not show what SIGHUP means to it"
    stop = f"crawler stop{flag}"
    masks = dict(line.split(":", 1) for line in status.splitlines() if line.startswith("Sig"))
    if int(masks["SigIgn"], 16) & _HANGUP:
        return f"ignores SIGHUP, as under nohup: {stop}, then the same start, has it read all"
    if not int(masks["SigCgt"], 16) & _HANGUP:
        return "is not ready for SIGHUP yet: try again in a moment"
    if stat.rpartition(")")[2].split()[_TERMINAL] != "0":
        return f"has a terminal, and SIGHUP would stop it: {stop}, then the same start"
    return None


def _answer(log: Any, held: "Holder") -> str:
    """Wait for what the log says of it, and until what changed holds."""
    from crawler.errors import ConfigError, JobLocked

    read, kept = "", ""
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        for event in (event for event in log.read() if event["pid"] == held.pid):
            match event["event"]:
                case "reload_failed":
                    raise ConfigError(f"nothing was changed: {event.get('error')}")
                case "settings_kept":
                    kept = f"; from the next start on: {', '.join(event.get('settings', ()))}"
                case "settings_reloaded":
                    changed = ", ".join(event.get("changed", ()))
                    read = f"process {held.pid} has read its settings again: "
                    if not changed:
                        return f"{read}nothing has changed{kept}"
                    read += changed
                    deadline = time.monotonic() + WITHIN_S
                case "crawl_started" if read:
                    return f"{read}; this holds now{kept}"
        if not held.is_alive():
            return "the crawl has ended meanwhile: the next start reads all"
        time.sleep(_POLL_S)
    if read:
        return f"{read}; this holds as soon as what is under way is finished{kept}"
    raise JobLocked(f"process {held.pid} was told to, and its log says nothing of it yet")
