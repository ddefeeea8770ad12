"""The report as one HTML page that opens from disk and asks for nothing.

Everything from the web is hostile: it is escaped, control and bidi characters are shown as escapes,
and only http and https addresses can be clicked. The policy of the page allows the two scripts that
it carries, by their hashes, and no request to anywhere.
"""

import base64
import contextlib
import hashlib
import json
from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from crawler import __version__
from crawler.audit.check import SEVERITIES
from crawler.audit.figures import MAX_HOSTS
from crawler.cli.reporting.charts import chart_data, charts_of
from crawler.cli.reporting.data import Report
from crawler.cli.reporting.findings import finding, shown
from crawler.cli.wording import plural, size
from crawler.errors import ConfigError, StorageError

_FIRST = 8
"""Findings that the top of the page names."""


def write_page(path: Path, report: Report) -> None:
    """Write the page; a page that was there stays whole until the new one is.

    Raises:
        StorageError: the file cannot be written.
    """
    scripts = (_plotly(), _asset("report.js"))
    # Nothing takes the place of a device or a pipe: root would make a file of /dev/null.
    is_file = path.is_file() or not path.exists()
    new = path.with_name(f".{path.name}.new") if is_file else path
    try:
        with new.open("w", encoding="utf-8") as file:
            file.writelines(_page(report, scripts))
        if is_file:
            new.replace(path)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from error
    finally:
        if is_file:
            with contextlib.suppress(OSError):
                new.unlink()


def require_plotly() -> None:
    """Check that the charting library is there, before anything is worked out.

    Raises:
        ConfigError: it is not.
    """
    if find_spec("plotly") is None:
        raise ConfigError(
            "the page of a report needs the package plotly: "
            "pip install '.[analysis]' in the clone of quasicrawler; "
            "--json does without"
        )


def require_room(path: Path) -> None:
    """Check where the page goes, before anything is worked out.

    Raises:
        ConfigError: it cannot go there.
    """
    if path.is_dir():
        raise ConfigError(f"{path} is a directory: -o names the file of the page")
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"{path.parent} is no directory")


def _plotly() -> str:
    """Return the charting library, as its package carries it for use in a browser."""
    folder = resources.files("plotly")
    return folder.joinpath("package_data", "plotly.min.js").read_text("utf-8")


def _asset(name: str) -> str:
    return resources.files("crawler.cli").joinpath("assets", name).read_text("utf-8")


def _policy(scripts: Sequence[str]) -> str:
    hashes = (base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts)
    allowed = " ".join(f"'sha256-{one}'" for one in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _page(report: Report, scripts: Sequence[str]) -> Iterator[str]:
    title = _title(report)
    yield (
        "<!doctype html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(scripts)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n'
        f"<title>Site audit: {title}</title>\n<style>{_asset('report.css')}</style>\n</head>\n"
        f"<body>\n<header><h1>Site audit: {title}</h1>{_when(report)}</header>\n<main>\n"
    )
    yield _summary(report)
    yield _charts(report)
    yield _hosts(report)
    yield from _all_findings(report)
    yield _rest(report)
    yield "</main>\n" + _footer()
    data = json.dumps(chart_data(report.figures)).replace("<", "\\u003c")
    yield f'<script type="application/json" id="figures">{data}</script>\n'
    for script in scripts:
        yield f"<script>{script}</script>\n"
    yield "</body>\n</html>\n"


def _title(report: Report) -> str:
    hosts = [str(row[0]) for row in report.figures.hosts]
    if not hosts:
        return shown(str(report.job))
    more = (report.figures.totals["hosts"] or 0) - 1
    return shown(hosts[0]) + (f" and {plural(more, 'more host')}" if more else "")


def _when(report: Report) -> str:
    found = report.as_json()
    if found["first"] is None:
        return ""
    running = " The crawl is still running." if report.state.running else ""
    return (
        f'<p class="soft">Fetched from {found["first"]} to {found["last"]} (UTC) by QuasiCrawler '
        f"{__version__}.{running}</p>"
    )


def _summary(report: Report) -> str:
    totals, audit = report.figures.totals, report.audit
    tiles: list[tuple[str, int, str]] = [
        (severity, audit.count(severity), f"{severity}s") for severity in SEVERITIES
    ]
    tiles += [("good", totals["good"] or 0, "came as they should")]
    tiles += [("", totals["urls"] or 0, "URLs"), ("", totals["html"] or 0, "HTML pages")]
    words = "".join(f"<p>{escape(sentence)}</p>" for sentence in report.summary)
    boxes = "".join(
        f'<div class="card tile {kind}"><b>{count:,}</b>{escape(name)}</div>'
        for kind, count, name in tiles
    )
    first = "".join(
        f'<li><a href="#{one.check.name}">{escape(one.check.title)}</a>: {one.count:,}. '
        f"{escape(one.check.advice)}</li>"
        for one in audit.found[:_FIRST]
    )
    first = f'<h2>What to do first</h2><ol class="first card">{first}</ol>' if first else ""
    return (
        f'<section id="summary"><div class="tiles">{boxes}</div>'
        f'<div class="words">{words}</div>{first}</section>\n'
    )


def _charts(report: Report) -> str:
    cards = "".join(
        f'<div class="card{" wide" if wide else ""}"><h3>{escape(title)}</h3>'
        f'<div class="chart" id="chart-{name}"></div></div>'
        for name, title, wide in charts_of(report.figures)
    )
    return (
        '<section id="charts"><h2>The crawl in charts</h2>'
        "<noscript><p>The charts need JavaScript; nothing else here does.</p></noscript>"
        f'<div class="charts">{cards}</div></section>\n'
    )


_HEADS = (
    *("host", "URLs", "good", "redirects", "4xx", "5xx", "failed"),
    *("median ms", "95 % ms", "bytes"),
)


def _hosts(report: Report) -> str:
    rows = report.figures.hosts
    heads = "".join(f"<th{' class=n' if n else ''}>{head}</th>" for n, head in enumerate(_HEADS))
    body = "".join(f"<tr>{''.join(map(_host_cell, range(len(row)), row))}</tr>" for row in rows)
    more = ""
    if (report.figures.totals["hosts"] or 0) > MAX_HOSTS:
        more = f'<p class="soft">The {MAX_HOSTS} with most URLs.</p>'
    return (
        '<section id="hosts"><h2>Hosts</h2><div class="card"><div class="scroll">'
        f'<table class="sortable" data-step="25"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{more}</div></section>\n"
    )


def _host_cell(column: int, value: Any) -> str:
    if column == 0:
        return f'<td class="u" data-label="{_HEADS[0]}">{shown(str(value))}</td>'
    number = 0 if value is None else value
    text = "" if value is None else size(value) if column == len(_HEADS) - 1 else f"{value:,}"
    return f'<td class="n" data-label="{_HEADS[column]}" data-value="{number}">{text}</td>'


def _all_findings(report: Report) -> Iterator[str]:
    yield '<section id="findings"><h2>Findings</h2>\n'
    if not report.audit.found:
        yield '<p class="card">Nothing was found.</p>'
    for one in report.audit.found:
        yield finding(one)
    yield "</section>\n"


def _rest(report: Report) -> str:
    clean = "".join(f"<li>{escape(check.title)}</li>" for check in report.audit.clean)
    missing = "".join(
        f"<li>{escape(one.check.title)}: {escape(one.why)}</li>" for one in report.audit.not_checked
    )
    sections = (
        ("Looked for, and not found", f'<ul class="clean card soft">{clean}</ul>', clean),
        ("Not checked", f'<ul class="card soft">{missing}</ul>', missing),
    )
    return "".join(
        f"<section><h2>{title}</h2>{text}</section>\n"
        for title, text, is_there in sections
        if is_there
    )


def _footer() -> str:
    return (
        "<footer><p>Each URL counts by its last visit. Findings are about what the crawl fetched: "
        "a page that it did not reach is not judged. Times are those that the crawler measured."
        "</p></footer>\n"
    )
