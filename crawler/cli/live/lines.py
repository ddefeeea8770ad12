"""A live state as lines of any width and number: what matters less is left out, nothing wraps."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from crawler.cli.live.state import LiveState
from crawler.cli.printable import cells, crop, crop_middle, printable

Piece = tuple[str, str]
"""Text and its style, as Rich names it."""

LABEL = 8
SPARK = "▁▂▃▄▅▆▇█"
FILL = {"done": "█", "dead": "▚", "waiting": "▒", "leased": "▓", "ready": "░"}
PAINT = {"done": "green", "dead": "red", "waiting": "yellow", "leased": "cyan", "ready": "dim"}
SAID = {"leased": "out"}
DOTS = {"running": "green", "paused": "yellow", "stopping": "yellow", "resting": "dim"}
MOST_HOSTS = 8
MOST_NAMED = 8
_MORE = "  …"
"""After what does not all fit."""
ASCII = str.maketrans(
    {
        **dict(zip(SPARK[:7], "_.,-=+*", strict=True)),
        "█": "#",
        "▚": "x",
        "▒": "~",
        "▓": ">",
        "░": ".",
        "●": "*",
        "…": "~",
    }
)


class _Line(NamedTuple):
    rank: int
    """Those with a low one stay where there is little room."""
    pieces: Sequence[Piece]


def draw(
    state: LiveState, width: int, height: int, *, ascii_only: bool = False
) -> list[list[Piece]]:
    """Return at most `height` lines of at most `width` cells each."""
    lines = [line for line in _all_lines(state, max(1, width)) if line.pieces]
    kept = sorted(sorted(range(len(lines)), key=lambda i: lines[i].rank)[: max(1, height)])
    return [_fit(lines[i].pieces, width, ascii_only=ascii_only) for i in kept]


def _all_lines(state: LiveState, width: int) -> list[_Line]:
    room = width - LABEL
    counts = state.counts
    done = counts.get("done", 0) + counts.get("dead", 0)
    share = f" {_percent(state, done)} %" if state.known else ""
    lines = [
        _Line(4, _head(state)),
        _Line(1, _labelled("pages", _pages(state), room)),
        _Line(7, [(" " * LABEL, ""), *_bar(state, room - 6), (share, "bold")] if room > 16 else []),
        _Line(2, _labelled("rate", _rate(state, room), room)),
        _Line(6, _labelled("urls", _urls(state), room)),
        _Line(8, _labelled("status", _named(state.named("status:"), _status_style), room)),
        _Line(5, _labelled("errors", _errors(state), room)),
    ]
    for number, host in enumerate(state.hosts[:MOST_HOSTS]):
        name = crop_middle(printable(host.host), max(12, room * 2 // 5))
        pieces = [
            (name, ""),
            (f"  {host.left:,} left", "bold"),
            (f"  {printable(host.why)}", "yellow" if host.ails else "dim"),
            (f"  {host.done:,} done", "dim"),
        ]
        lines.append(_Line(9 + number, _labelled("" if number else "hosts", pieces, room)))
    lines.append(_Line(0, _labelled("bound", _bound(state), room)))
    lines += [
        _Line(30 - number, [(printable(text), "yellow")])
        for number, text in enumerate(state.warnings)
    ]
    return lines


def _percent(state: LiveState, done: int) -> int:
    share = state.bound.share
    return done * 100 // state.known if share is None else int(share * 100)


def _head(state: LiveState) -> list[Piece]:
    style = DOTS[state.word]
    spent = f"  {say_span(state.running_ms / 1000)}" if state.running_ms is not None else ""
    readers: Piece = ("", "")
    if state.readers is not None:
        ready, configured = state.readers
        readers = (f"  {say_readers(ready, configured)}", "yellow" if ready < configured else "dim")
    return [
        ("● ", style),
        (state.word, f"bold {style}"),
        (spent, ""),
        readers,
        (f"  {printable(state.job)}", "dim"),
    ]


def say_readers(ready: int, configured: int) -> str:
    if ready < configured:
        return f"{ready} of {configured} readers"
    return "1 reader" if ready == 1 else f"{ready} readers"


def _pages(state: LiveState) -> list[Piece]:
    done, dead = state.counts.get("done", 0), state.counts.get("dead", 0)
    given_up = f" and {dead:,} dead" if dead else ""
    pieces = [(f"{done:,}", "bold"), (f"{given_up} of {state.known:,} known", "")]
    if state.max_pages is not None:
        pieces.append(
            (f"  {state.counts.get('pages', 0):,} of --max-pages {state.max_pages:,}", "")
        )
    return pieces


def _rate(state: LiveState, room: int) -> list[Piece]:
    spark = max(0, min(60, room - 34) if room > 48 else room - 22)
    return [
        (f"{state.rate:,.1f}/s", "bold"),
        (f"  {sparkline(state.rates, spark)}" if spark > 3 and state.rates else "", "green"),
        (f"  {say_size(state.bytes_rate)}/s", ""),
        (f"  {say_size(state.counts.get('bytes', 0))} in all", "dim"),
    ]


def _urls(state: LiveState) -> list[Piece]:
    order = ("ready", "leased", "waiting", "dead", "done")
    return [
        (
            f"{'  ' if number else ''}{state.counts.get(name, 0):,} {SAID.get(name, name)}",
            PAINT[name],
        )
        for number, name in enumerate(order)
    ]


def _errors(state: LiveState) -> list[Piece]:
    failures = state.counts.get("failures", 0)
    if not failures:
        return [("none", "dim")]
    named = _named(state.named("error:"), lambda _name: "red")
    return [(f"{failures:,}", "bold red"), *((f"  {text.strip()}", style) for text, style in named)]


def _named(found: Sequence[tuple[str, int]], style: Callable[[str], str]) -> list[Piece]:
    named = [
        (f"{'  ' if number else ''}{printable(name)} {n:,}", style(name))
        for number, (name, n) in enumerate(found[:MOST_NAMED])
    ]
    return [*named, (_MORE, "dim")] if len(found) > MOST_NAMED else named


def _status_style(name: str) -> str:
    return {"2": "green", "3": "cyan", "4": "yellow", "5": "red"}.get(name[:1], "")


def _bound(state: LiveState) -> list[Piece]:
    left = state.bound.seconds_left
    pieces = [(printable(state.bound.what), "bold" if state.word != "running" else "")]
    if left is not None:
        pieces.append((f"  about {say_span(left)} left", "bold"))
    return pieces


def _labelled(label: str, pieces: Sequence[Piece], room: int) -> list[Piece]:
    """Return the pieces that fit whole after a label; the first is there in any case."""
    kept: list[Piece] = []
    for number, piece in enumerate(pieces):
        room -= cells(piece[0])
        if kept and room < (len(_MORE) if number + 1 < len(pieces) else 0):
            if room + cells(piece[0]) >= len(_MORE):
                kept.append((_MORE, "dim"))
            break
        kept.append(piece)
    return [(label.ljust(LABEL), "dim"), *kept] if kept else []


def _fit(pieces: Sequence[Piece], width: int, *, ascii_only: bool) -> list[Piece]:
    fitted = []
    for text, style in pieces:
        part = crop(text, width)
        width -= cells(part)
        if ascii_only:
            part = part.translate(ASCII).encode("ascii", "replace").decode()
        if part:
            fitted.append((part, style))
    return fitted


def _bar(state: LiveState, width: int) -> list[Piece]:
    """Return the states of all known URLs in their colours; each that has any has a cell.

    Where a budget ends the crawl: how much of it is used up.
    """
    if width < 8 or not state.known:
        return []
    if state.bound.share is not None:
        used = int(width * state.bound.share)
        parts = (("done", used), ("ready", width - used))
        return [(FILL[name] * cells_, PAINT[name]) for name, cells_ in parts if cells_ > 0]
    counts = {name: state.counts.get(name, 0) for name in FILL}
    shares = {name: max(1, n * width // state.known) if n > 0 else 0 for name, n in counts.items()}
    widest = max(shares, key=lambda name: shares[name])
    shares[widest] += width - sum(shares.values())
    return [(FILL[name] * cells_, PAINT[name]) for name, cells_ in shares.items() if cells_ > 0]


def sparkline(values: Sequence[float], width: int) -> str:
    """Return the values as bars, newest right; where they are more, each bar is a mean."""
    if not values:
        return ""
    each = -(-len(values) // width)
    ends = range(len(values), 0, -each)
    groups = [values[max(0, end - each) : end] for end in ends][::-1]
    means = [sum(group) / len(group) for group in groups]
    most = max(means)
    if most <= 0:
        return SPARK[0] * len(means)
    return "".join(SPARK[min(7, int(mean / most * 7.99))] for mean in means)


def say_span(seconds: float | None) -> str:
    """Return a duration as a person says it."""
    if seconds is None:
        return "unknown time"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    if whole < 48 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02} min"
    return f"{whole // 86400} d {whole % 86400 // 3600:02} h"


def say_size(count: float) -> str:
    """Return a size as a person says it."""
    if count < 1000:
        return f"{count:.0f} B"
    for unit in ("kB", "MB", "GB"):
        count /= 1000
        if count < 1000:
            return f"{count:.1f} {unit}"
    return f"{count / 1000:.1f} TB"
