"""Text from the web on a person's terminal: nothing in it may move the cursor or turn the line."""

import json
import unicodedata


def printable(text: str) -> str:
    """Return one line: blanks collapsed, control, format and bidi characters escaped."""
    line = " ".join(text.split())
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def printable_json(text: str) -> str:
    """Return JSON with what a terminal would act on written as escapes; it means the same."""
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(c if c == "\n" or c.isprintable() else _escaped(c) for c in text)


def _escaped(char: str) -> str:
    # json.dumps leaves DEL as it is.
    return "\\u007f" if char == "\x7f" else json.dumps(char)[1:-1]


def cells(text: str) -> int:
    """Return how many columns a terminal gives to printable text."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


def crop(text: str, width: int) -> str:
    """Return text that fits, its end replaced by `…` where it must be."""
    if cells(text) <= width:
        return text
    room, kept = width - 1, ""
    for char in text:
        room -= _width(char)
        if room < 0:
            break
        kept += char
    return kept + "…" if width > 0 else ""


def crop_middle(text: str, width: int) -> str:
    """Return text that fits, its middle replaced by `…` where it must be."""
    if cells(text) <= width or width < 3:
        return crop(text, width)
    end = width // 2
    while cells(text[-end:]) > width // 2:
        end -= 1
    return crop(text, width - cells(text[-end:])) + text[-end:]


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
