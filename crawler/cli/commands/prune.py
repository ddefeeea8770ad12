"""`crawler prune`: remove the files of old parts."""

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from crawler.cli.options import JobOption
from crawler.errors import ConfigError

if TYPE_CHECKING:
    from crawler.pipeline.upkeep.pruning import Pruning


def prune(
    *,
    older_than: Annotated[
        str,
        typer.Option(
            "--older-than", metavar="TIME", show_default=False, help="Since they were sealed: 30d."
        ),
    ],
    job: JobOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    shipped_only: Annotated[
        bool, typer.Option("--shipped-only", help="Only what on_part_sealed has taken.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also what on_part_sealed is still to take.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Remove old parts, also while the crawl runs; what was crawled stays known."""
    from crawler.cli.job_control import job_log
    from crawler.cli.output import find_job, write, write_json
    from crawler.conf.units import parse_duration_ms
    from crawler.job.directory import has_store
    from crawler.pipeline.upkeep.pruning import prune as remove

    try:
        older_than_ms = parse_duration_ms(older_than)
    except ValueError as error:
        raise ConfigError(f"--older-than: {error}") from None
    directory = find_job(job)
    if not has_store(directory):
        raise ConfigError(f"{directory} has no frontier.db: nothing is known of its parts")
    done = asyncio.run(
        remove(directory, older_than_ms, dry_run=dry_run, shipped_only=shipped_only, force=force)
    )
    if done.parts and not dry_run:
        with job_log(directory) as log:
            log.info("parts_pruned", parts=done.parts, freed_bytes=done.freed_bytes)
    if as_json:
        write_json(asdict(done))
    else:
        write(_lines(done))


def _lines(done: "Pruning") -> list[str]:
    from crawler.cli.wording import size

    verb = "would go" if done.dry_run else "pruned"
    lines = [f"{_parts(done.parts)} {verb}, {size(done.freed_bytes)}"]
    if done.needed:
        lines.append(
            f"{_parts(done.needed)} kept: later records point to bodies there; "
            "once those are old, prune takes both"
        )
    if done.unshipped:
        lines.append(f"{_parts(done.unshipped)} kept: not shipped (--force prunes them unshipped)")
    return lines


def _parts(names: list[str]) -> str:
    return "1 part" if len(names) == 1 else f"{len(names)} parts"
