"""The rest of the world for the commands of the docs: a proxy that answers for every host.

`with StandIn(directory, hosts) as world` listens on a loopback port. Through it, commands run as
they are written: https of any of the hosts that the certificate names, answered from a small site;
requests to loopback addresses go on to whoever listens there. What else is asked for ends with 502.
"""

import asyncio
import hashlib
import ssl
import subprocess
import threading
import weakref
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

PATHS = ("/", "/docs/", "/docs/start.html", "/item/7", "/item/8", "/prices", "/about", "/broken")
"""What pages link to; any other path is a page as well, which nothing leads to. `/prices` changes
whenever it is asked for."""

ROBOTS = "User-agent: *\nDisallow: /private/\n"
_PLACES = "/private/plan.html", "/moved"


def _page(host: str, path: str, number: int) -> bytes:
    links = "".join(f'<li><a href="{each}">{each}</a>' for each in (*PATHS, *_PLACES))
    text = f"This is the page {path} of {host}. " + "It is about chairs, tables and lamps. " * 12
    return (
        f"<!doctype html><html lang=en><title>{path} of {host}</title>"
        f'<meta name=description content="A page of {host}"><h1>A good chair {number}</h1>'
        f"<p class=price>{number}.50 EUR <p class=stock>many <p>{text}<ul>{links}</ul></html>"
    ).encode()


def _answer(host: str, path: str, if_none_match: str, times: int) -> bytes:
    status, kind, body, extra = "200 OK", "text/html; charset=utf-8", b"", ""
    if path == "/robots.txt":
        body, kind = ROBOTS.encode(), "text/plain"
    elif path == "/broken":
        status, body = "404 Not Found", b"<title>Not found</title>"
    elif path == "/moved":
        status, extra = "301 Moved Permanently", "Location: /about\r\n"
    else:
        body = _page(host, path, times if path == "/prices" else 7)
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    if status.startswith("200") and if_none_match == tag:
        status, body = "304 Not Modified", b""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nETag: {tag}\r\n{extra}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class StandIn:
    """`port` of the proxy, `authority` the file with the certificate that clients have to trust."""

    def __init__(self, directory: Path, hosts: Iterable[str]) -> None:
        self._hosts = sorted(set(hosts))
        self.authority = directory / "cert.pem"
        self._key = directory / "key.pem"
        self._started = threading.Event()
        self._open: weakref.WeakSet[asyncio.StreamWriter] = weakref.WeakSet()
        """Of those that are not closed at the end, Python would complain in any test that runs."""
        self._asked: Counter[tuple[str, str]] = Counter()
        self.port = 0

    def __enter__(self) -> Self:
        self._make_certificate()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._started.wait(60)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(10)

    def _make_certificate(self) -> None:
        names = ",".join(f"DNS:{host}" for host in self._hosts)
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"),
                *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=docs"),
                *("-addext", f"subjectAltName={names}"),
                *("-keyout", str(self._key), "-out", str(self.authority)),
            ],
            check=True,
            capture_output=True,
        )
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(self.authority, self._key)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._done = asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._done.wait()
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        left = list(self._open)
        for writer in left:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in left), return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            await self._talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError, ssl.SSLError):
            return
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = ""
        while True:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, target, _ = lines[0].split(" ")
            headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
            if method == "CONNECT":
                host = target.rpartition(":")[0]
                if host not in self._hosts:
                    writer.write(b"HTTP/1.1 502 Unknown\r\nContent-Length: 0\r\n\r\n")
                    return
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                await writer.start_tls(self._tls)
                continue
            asked = urlsplit(target)
            name = asked.hostname or host
            if name.startswith("127.") or name == "localhost":
                ours, theirs = await asyncio.open_connection(name, asked.port or 80)
                self._open.add(theirs)
                try:
                    await _pass_on(lines, ours, theirs, writer)
                finally:
                    theirs.close()
                return
            self._asked[name, asked.path] += 1
            times = self._asked[name, asked.path]
            if not host and name not in self._hosts:
                writer.write(b"HTTP/1.1 502 Unknown\r\nContent-Length: 0\r\n\r\n")
                return
            writer.write(_answer(name, asked.path, headers.get("if-none-match", ""), times))
            await writer.drain()


async def _pass_on(
    lines: list[str],
    ours: asyncio.StreamReader,
    theirs: asyncio.StreamWriter,
    writer: asyncio.StreamWriter,
) -> None:
    """Ask a server of this machine, once for each connection."""
    asked = urlsplit(lines[0].split(" ")[1])
    path = (asked.path or "/") + (f"?{asked.query}" if asked.query else "")
    kept = [line for line in lines[1:] if line and not line.lower().startswith("connection:")]
    request = [f"GET {path} HTTP/1.1", *kept, "Connection: close", "", ""]
    theirs.write("\r\n".join(request).encode("latin-1"))
    while data := await ours.read(65_536):
        writer.write(data)
        await writer.drain()
