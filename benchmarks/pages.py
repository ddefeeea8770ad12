"""The pages of one package as a graph, and their copies closed over a chosen page set.

The graph is built with our own HTML and URL libraries but not with our crawler's code, so that the
list of expected pages is an independent witness.
"""

import html
import re
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import ada_url
from selectolax.lexbor import LexborHTMLParser

from benchmarks.places import OUTSIDE

HOST = "http://h.invalid"
TAG = re.compile(rb"<(?:a|area)\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*>", re.IGNORECASE)
HREF = re.compile(
    rb"(\shref\s*=\s*)(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE | re.DOTALL
)
REFRESH = re.compile(
    rb"(<meta http-equiv=\"refresh\" content=\"\d+; ?url='?)([^\"']*)('?\")", re.IGNORECASE
)


def targets(body: bytes, url: str) -> Iterator[str]:
    """Yield the absolute URLs, without fragment, of all links of a page, in document order."""
    for node in LexborHTMLParser(body).css("a[href], area[href]"):
        if target := _joined(url, node.attrs["href"]):
            yield target


def refresh_target(body: bytes, url: str) -> str | None:
    """Return where a meta refresh leads: some crawlers follow it like a link."""
    if b"refresh" not in body:
        return None
    meta = LexborHTMLParser(body).css_first("meta[http-equiv='refresh' i]")
    if meta is None:
        return None
    content = re.split("url=", meta.attributes["content"] or "", maxsplit=1, flags=re.IGNORECASE)
    return _joined(url, content[-1].strip(" '\""))


def _joined(url: str, href: str | None) -> str | None:
    try:
        return ada_url.join_url(url, href or "").partition("#")[0]
    except ValueError:
        return None


class Pages:
    """The HTML files below a directory, addressed by URL path below `mount`."""

    def __init__(self, root: Path, mount: str = "/") -> None:
        self.root = root.resolve()
        self.mount = mount
        self._files: dict[str, Path | None] = {}

    def file(self, path: str) -> Path | None:
        """Return the file that a URL path serves; None where there is no HTML page."""
        if path not in self._files:
            self._files[path] = self._find(path)
        return self._files[path]

    def _find(self, path: str) -> Path | None:
        if not path.startswith(self.mount) or "?" in path:
            return None
        relative = unquote(path[len(self.mount) :])
        if relative == "" or relative.endswith("/"):
            relative += "index.html"
        file = self.root / relative
        # A link to a directory without its slash would be a redirect, so it is no page.
        if not relative.endswith(".html") or not file.is_file():
            return None
        return file if file.resolve().is_relative_to(self.root) else None

    def linked(self, path: str) -> Iterator[str]:
        """Yield the paths of the pages that a page links to."""
        file = self.file(path)
        for url in targets(file.read_bytes(), HOST + path) if file else ():
            if url.startswith(HOST + "/") and self.file(url[len(HOST) :]):
                yield url[len(HOST) :]

    def walk(self, start: str, limit: int | None = None, max_bytes: int | None = None) -> list[str]:
        """Return the paths that are reachable from `start`, breadth first, at most `limit`."""
        order: list[str] = []
        known = {start}
        queue = deque([start])
        while queue and (limit is None or len(order) < limit):
            path = queue.popleft()
            file = self.file(path)
            if file is None or (max_bytes is not None and file.stat().st_size > max_bytes):
                continue
            order.append(path)
            for target in self.linked(path):
                if target not in known:
                    known.add(target)
                    queue.append(target)
        return order


def closed(body: bytes, path: str, inside: Callable[[str], bool]) -> bytes:
    """Return a page whose links to web pages outside the set point to `OUTSIDE`.

    Every other byte stays what it is.
    """

    def moved(raw: bytes) -> bytes | None:
        text = html.unescape(raw.decode("utf-8", "replace"))
        try:
            url = ada_url.join_url(HOST + path, text)
        except ValueError:
            return None
        page, hash_, fragment = url.partition("#")
        if not page.startswith(("http://", "https://")):
            return None
        if page.startswith(HOST + "/"):
            if inside(page[len(HOST) :]):
                return None
            away = page[len(HOST) :]
        else:
            away = "/" + page.replace("://", "/", 1)
        return html.escape(OUTSIDE + away + hash_ + fragment).encode()

    def link(match: re.Match[bytes]) -> bytes:
        new = moved(next(group for group in match.groups()[1:] if group is not None))
        return match[0] if new is None else match[1] + b'"' + new + b'"'

    def refresh(match: re.Match[bytes]) -> bytes:
        new = moved(match[2])
        return match[0] if new is None else match[1] + new + match[3]

    body = REFRESH.sub(refresh, body)
    return TAG.sub(lambda tag: HREF.sub(link, tag[0]), body)
