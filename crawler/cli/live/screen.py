"""A few lines at the bottom of a terminal that renew themselves, drawn by Rich.

What is written to stderr meanwhile is printed above them, and stays. The cursor stays visible,
since a crawl may be killed at any moment.
"""

import os
import sys
from typing import TYPE_CHECKING, TextIO

from crawler.cli.live.lines import Piece, draw
from crawler.cli.live.state import LiveState

if TYPE_CHECKING:
    from rich.text import Text

NOT_TERMINALS = ("", "dumb", "unknown")
_FALLBACK = os.terminal_size((80, 24))


def can_draw(stream: TextIO) -> bool:
    """Whether it is a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM", "") not in NOT_TERMINALS


def is_ascii_only(stream: TextIO) -> bool:
    """Whether blocks and dots would come out as question marks, by encoding or locale."""
    if "utf" not in (stream.encoding or "").lower():
        return True
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    locale = next(filter(None, names), "utf-8")
    return "utf" not in locale.lower()


class Screen:
    """The lines; `show` draws them anew, at the width and height that the terminal has then."""

    def __init__(self, stream: TextIO, *, color: bool) -> None:
        from rich.console import Console

        self._stream = stream
        self._stderr = sys.stderr
        self._ascii = is_ascii_only(stream)
        self._size = _size(stream)
        self._console = Console(file=stream, no_color=not color, highlight=False, markup=False)
        self._begin()
        # Readers are forked while this is shown: what they write must not draw the view.
        os.register_at_fork(after_in_child=self._leave_to_parent)

    def show(self, state: LiveState) -> None:
        self._fit()
        columns, rows = self._size
        lines = draw(state, columns - 1, rows - 1, ascii_only=self._ascii)
        self.write(lines)

    def write(self, lines: list[list[Piece]]) -> None:
        self._live.update(_text(lines), refresh=True)

    def close(self, *, keep: bool = False) -> None:
        """End the view: the lines are gone, or stay as they were last."""
        self._live.transient = not keep
        self._live.stop()

    def _begin(self) -> None:
        from rich.console import ConsoleDimensions
        from rich.live import Live

        self._console.size = ConsoleDimensions(*self._size)
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            vertical_overflow="crop",
        )
        self._live.start()
        self._console.show_cursor()

    def _fit(self) -> None:
        """After a change of size nobody knows where lines stand now: begin on an empty screen."""
        size = _size(self._stream)
        if size == self._size:
            return
        self._size = size
        self._live.stop()
        self._console.clear()
        self._begin()

    def _leave_to_parent(self) -> None:
        sys.stderr = self._stderr


def _size(stream: TextIO) -> os.terminal_size:
    try:
        size = os.get_terminal_size(stream.fileno())
    except OSError:
        return _FALLBACK
    return size if size.columns > 1 and size.lines > 1 else _FALLBACK


def _text(lines: list[list[Piece]]) -> "Text":
    from rich.text import Text

    text = Text(no_wrap=True, overflow="crop", end="")
    for number, pieces in enumerate(lines):
        if number:
            text.append("\n")
        for piece, style in pieces:
            text.append(piece, style)
    return text
