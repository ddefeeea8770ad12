"""Every flag that configures a crawl, once: the name of an option is the name of its setting.

A flag only carries what was typed. Units, ranges and paths are checked where all sources meet
(`crawler.conf`), so that a flag, a variable and a file's line are read alike.
"""

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

Flags = dict[str, object]
"""Values of settings by field name; only those that were given."""

LEVELS = {-2: "critical", -1: "error", 0: None, 1: "info", 2: "debug"}
"""What -q and -v say about `log_level`."""

JobOption = Annotated[
    str | None, typer.Option("-j", "--job", metavar="DIR", help="Directory of the crawl (./crawl).")
]
ConfigOption = Annotated[
    str | None, typer.Option("--config", metavar="FILE", help="Crawl file, in TOML.")
]


def _text(*names: str, metavar: str, help_text: str) -> Any:
    return Annotated[str | None, typer.Option(*names, metavar=metavar, help=help_text)]


def _texts(*names: str, metavar: str, help_text: str) -> Any:
    text = f"{help_text} Repeatable."
    return Annotated[list[str] | None, typer.Option(*names, metavar=metavar, help=text)]


def _switch(*names: str, help_text: str) -> Any:
    return Annotated[bool | None, typer.Option(*names, help=help_text, show_default=False)]


CRAWL_OPTIONS: dict[str, Any] = {
    "seeds": Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SEEDS|URL|-", show_default=False, help="Seed files, URLs, or - for stdin."
        ),
    ],
    "job": JobOption,
    "output": _text(
        "-o", "--output", metavar="DIR", help_text="Where the JSONL parts go (JOB/pages)."
    ),
    "config": ConfigOption,
    "frontier": _text(
        "--frontier", metavar="URL", help_text="The store of URLs (JOB/frontier.db)."
    ),
    "fresh": _switch("--fresh", help_text="Move an old job aside and start anew."),
    "num_processes": _text(
        "-p", "--processes", metavar="N", help_text="Reader processes (cores, at most 8)."
    ),
    "concurrent_tasks_per_process": _text(
        "-c", "--concurrency", metavar="N", help_text="Tasks of each process (64)."
    ),
    "per_host": _text(
        "--per-host", metavar="N", help_text="Requests at once to a host without delay (16)."
    ),
    "delay": _text(
        "--delay", metavar="TIME", help_text="Between two requests to one host; 0: none (1s)."
    ),
    "adaptive_delay": _switch(
        "--adaptive-delay/--no-adaptive-delay",
        help_text="Wait longer where a host is slow (no).",
    ),
    "timeout": _text("--timeout", metavar="TIME", help_text="Of one try, body included (60s)."),
    "retries": _text("--retries", metavar="N", help_text="More tries after the first (3)."),
    "retry_base": _text(
        "--retry-base", metavar="TIME", help_text="First wait before a retry, then doubled (500ms)."
    ),
    "depth": _text("-d", "--depth", metavar="N", help_text="Links away from a seed."),
    "max_pages": _text("--max-pages", metavar="N", help_text="Pages in all, exactly."),
    "max_pages_per_host": _text(
        "--max-pages-per-host", metavar="N", help_text="Pages of each host, exactly."
    ),
    "max_time": _text("--max-time", metavar="TIME", help_text="Of this run."),
    "max_body": _text(
        "--max-body", metavar="SIZE", help_text="Bodies are cut there, decoded (10MB)."
    ),
    "max_total_bytes": _text("--max-total-bytes", metavar="SIZE", help_text="Bodies in all."),
    "max_wait": _text(
        "--max-wait", metavar="TIME", help_text="End when all that is left waits longer (5m)."
    ),
    "max_failures": _text(
        "--max-failures", metavar="N", help_text="With more of them the exit code is 5."
    ),
    "scope": _text(
        "--scope", metavar="MODE", help_text="Links to follow: page, prefix, host, domain, any."
    ),
    "include": _texts("--include", metavar="GLOB", help_text="Follow only URLs like this."),
    "exclude": _texts("--exclude", metavar="GLOB", help_text="Follow no URL like this."),
    "strip_params": _text(
        "--strip-params",
        metavar="NAME,...",
        help_text="Parameters that no URL keeps (tracking and session ids); none: all are kept.",
    ),
    "main_text": _switch(
        "--main-text/--no-main-text", help_text="The main text of pages in their records (no)."
    ),
    "markdown": _switch("--markdown/--no-markdown", help_text="The main text as Markdown (no)."),
    "simhash": _switch(
        "--simhash/--no-simhash", help_text="A fingerprint of the text, for near copies (no)."
    ),
    "link_details": _switch(
        "--link-details/--no-link-details",
        help_text="Text and rel of each link in the record (no).",
    ),
    "store": _text("--store", metavar="MODE", help_text="Keep bodies: none, warc."),
    "requisites": _switch(
        "--requisites/--no-requisites",
        help_text="Fetch images, style sheets, scripts and fonts of pages (no).",
    ),
    "recrawl": _text("--recrawl", metavar="TIME", help_text="Visit pages again after this time."),
    "keep_running": _switch(
        "--keep-running/--no-keep-running",
        help_text="Go on when all is done, for later visits (no).",
    ),
    "robots": _switch("--robots/--no-robots", help_text="Obey robots.txt (yes)."),
    "sitemaps": _switch(
        "--sitemaps/--no-sitemaps", help_text="Read the sitemaps that robots.txt names (yes)."
    ),
    "header": _texts(
        "-H", "--header", metavar="NAME:VALUE", help_text="A header, sent only to hosts you named."
    ),
    "user_agent": _text(
        "-U",
        "--user-agent",
        metavar="TEXT",
        help_text="The agent's name; robots.txt is read for its first word.",
    ),
    "contact": _text(
        "--contact", metavar="TEXT", help_text="URL or mail address in the agent's name."
    ),
    "cookies": _text(
        "--cookies", metavar="FILE", help_text="Cookie file; each goes to its own hosts only."
    ),
    "proxy": _text("--proxy", metavar="URL", help_text="HTTP proxy for all requests."),
    "allow_net": _texts(
        "--allow-net", metavar="CIDR", help_text="Range of addresses to reach although not public."
    ),
    "compress_parts": _text(
        "--compress-parts", metavar="MODE", help_text="Pack sealed parts: none, zstd."
    ),
    "on_part_sealed": _text(
        "--on-part-sealed",
        metavar="COMMAND",
        help_text="Command that gets the path of each sealed part.",
    ),
    "http": _text(
        "--http",
        metavar="HOST:PORT",
        help_text="Admin server: health, metrics, dashboard (none).",
    ),
    "min_free_disk": _text(
        "--min-free-disk",
        metavar="SIZE",
        help_text="Claim nothing while less disk is free (500MB).",
    ),
    "max_reader_memory": _text(
        "--max-reader-memory",
        metavar="SIZE",
        help_text="Replace a reader process that has more (1GB).",
    ),
    "log_level": _text("--log-level", metavar="LEVEL", help_text="What stderr shows (warning)."),
    "log_format": _text("--log-format", metavar="FORMAT", help_text="Of stderr: console, json."),
    "progress": _text(
        "--progress", metavar="MODE", help_text="auto (live on a terminal), plain, off."
    ),
    "no_color": _switch("--no-color", help_text="No colours."),
}
"""Setting to the option that sets it, in the order of `--help`."""

_KEYWORD = inspect.Parameter.KEYWORD_ONLY
_VERBOSITY: dict[str, Any] = {
    "quiet": Annotated[
        int,
        typer.Option(
            "-q", "--quiet", count=True, show_default=False, help="Only errors, no progress."
        ),
    ],
    "verbose": Annotated[
        int,
        typer.Option(
            "-v",
            "--verbose",
            count=True,
            show_default=False,
            help="Say more on stderr; twice: debug.",
        ),
    ],
}


def with_crawl_options(command: Callable[[Flags], None]) -> Callable[..., None]:
    """Give a command all options of a crawl; it gets those that were typed, by setting.

    @with_crawl_options
    def start(flags: Flags) -> None:
        '''Crawl.'''
        settings = load_settings(flags, os.environ, Path.cwd())
    """
    return with_options(*CRAWL_OPTIONS)(command)


def with_options(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command these options of a crawl, beside parameters of its own.

    @with_options("job", "config", "robots")
    def command(flags: Flags, *, own: Annotated[str, typer.Option("--own")] = "") -> None: ...
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(command).parameters.values())[1:]

        def run(**typed: Any) -> None:
            values = {parameter.name: typed.pop(parameter.name) for parameter in own}
            command(read_flags(typed), **values)

        chosen = {name: CRAWL_OPTIONS[name] for name in names}
        parameters = own + [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind
            )
            for options, default in ((chosen, None), (_VERBOSITY, 0))
            for name, kind in options.items()
        ]
        run.__name__ = command.__name__
        run.__doc__ = command.__doc__
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return decorate


def read_flags(typed: dict[str, Any]) -> Flags:
    """Return what was typed as settings; -q and -v become a level, --log-level beats them.

    Raises:
        typer.BadParameter: -q and -v at once.
    """
    quiet, verbose = typed.pop("quiet", 0), typed.pop("verbose", 0)
    flags: Flags = {name: value for name, value in typed.items() if value not in (None, [])}
    if quiet and verbose:
        raise typer.BadParameter("-q and -v cannot be used together")
    level = LEVELS[max(-2, min(2, verbose - quiet))]
    if level is not None:
        flags.setdefault("log_level", level)
    if quiet:
        flags.setdefault("progress", "off")
    return flags
