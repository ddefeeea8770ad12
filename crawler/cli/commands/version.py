"""`crawler version`: what runs here, for bug reports."""

import json
import sys
from typing import Annotated

import typer


def version(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show the versions of the crawler and of what it runs on."""
    from crawler.job.versions import find_versions

    versions = find_versions()
    if as_json:
        sys.stdout.write(json.dumps(versions, indent=2) + "\n")
    else:
        sys.stdout.write("".join(f"{name} {number}\n" for name, number in versions.items()))
