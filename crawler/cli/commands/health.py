"""`crawler health`: one line, and a code that probes understand."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from crawler.cli.options import JobOption

WAIT_S = 5.0
TimeoutOption = Annotated[
    float, typer.Option("--timeout", min=0.1, help="Seconds to wait for the answer.")
]


def health(job: JobOption = None, timeout_s: TimeoutOption = WAIT_S) -> None:
    """Say whether the crawl of a job runs and gets on: code 0 if so, else 1."""
    from crawler.conf.load import load_settings
    from crawler.job.lock import holder

    settings = load_settings({} if job is None else {"job": job}, os.environ, Path.cwd())
    root = Path(settings.job)
    held = holder(root)
    if held is None:
        is_well, said = False, "not running"
    elif (address := _address(root, held.pid)) is None:
        # A restart cures what is dead; without the server nobody can say more from outside.
        is_well, said = True, f"running as process {held.pid}; only with --http more can be said"
    else:
        is_well, said = _ask(*address, timeout_s)
    sys.stdout.write(said + "\n")
    sys.exit(0 if is_well else 1)


def _address(root: Path, pid: int) -> tuple[str, int] | None:
    """Return where the crawl serves its health, as its job says; None: it serves nothing."""
    import json
    from urllib.parse import urlsplit

    try:
        said = json.loads((root / "admin.json").read_bytes())
        parts = urlsplit(str(said["url"]))
        if said["pid"] != pid or parts.hostname is None or parts.port is None:
            return None  # of a crawl that was killed
    except (OSError, ValueError, KeyError, TypeError):
        return None
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to ask, not to listen
    return everywhere.get(parts.hostname, parts.hostname), parts.port


def _ask(host: str, port: int, timeout_s: float) -> tuple[bool, str]:
    from http.client import HTTPConnection, HTTPException

    from crawler.cli.printable import printable

    connection = HTTPConnection(host, port, timeout=timeout_s)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        text = answer.read(1000).decode("utf-8", "replace").strip()
    except (OSError, HTTPException) as error:
        return False, f"no answer from {host}:{port}: {str(error) or type(error).__name__}"
    finally:
        connection.close()
    return answer.status == 200, printable(text)
