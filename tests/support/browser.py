"""Debian's Chromium without a window, spoken to over its own protocol; no driver in between."""

import asyncio
import base64
import json
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

FLAGS = (
    *("--headless=new", "--disable-gpu", "--no-first-run", "--disable-extensions"),
    *("--disable-dev-shm-usage", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--no-default-browser-check", "--hide-scrollbars"),
    *("--remote-debugging-port=0", "--lang=en", "about:blank"),
)


class Page:
    """One tab, and what it has said and asked for."""

    def __init__(self, browser: "_Connection", session: str) -> None:
        self._browser = browser
        self._session = session
        self.complaints: list[str] = []
        """Exceptions, console errors and warnings, refusals by the content security policy."""
        self.requests: list[str] = []

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        return await self._browser.call(method, params, self._session)

    async def open(self, url: str) -> None:
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url=url)

    async def ask(self, script: str) -> Any:
        """Return what an expression comes to."""
        answer = await self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    async def wait(self, script: str, timeout_s: float = 60) -> None:
        """Wait until an expression is true."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        while not await self.ask(f"!!({script})"):
            if asyncio.get_running_loop().time() > deadline:
                text = await self.ask("document.body && document.body.innerText")
                raise AssertionError(f"waited for {script}\n{self.complaints}\n{text}")
            await asyncio.sleep(0.05)

    async def picture(self, path: Path, *, width: int, height: int, dark: bool = False) -> None:
        """Write a screenshot of the whole page at some width."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme])
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        await self.call("Emulation.setDeviceMetricsOverride", **metrics)
        await asyncio.sleep(1.5)
        shot = await self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def hear(self, method: str, params: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(params["exceptionDetails"])[:500])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.complaints.append(json.dumps(params["args"])[:500])
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            entry = params["entry"]
            self.complaints.append(f"{entry['text']} {entry.get('url', '')}")


class _Connection:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._calls: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.pages: dict[str, Page] = {}

    async def call(
        self, method: str, params: dict[str, Any], session: str | None = None
    ) -> dict[str, Any]:
        number = len(self._calls) + 1
        self._calls[number] = asyncio.get_running_loop().create_future()
        message = {"id": number, "method": method, "params": params}
        await self._socket.send_json(message | ({"sessionId": session} if session else {}))
        return await asyncio.wait_for(self._calls[number], 60)

    async def listen(self) -> None:
        async for message in self._socket:
            said = json.loads(message.data)
            if "id" not in said:
                page = self.pages.get(said.get("sessionId", ""))
                if page is not None:
                    page.hear(said["method"], said["params"])
            elif "error" in said:
                self._calls[said["id"]].set_exception(AssertionError(said["error"]))
            else:
                self._calls[said["id"]].set_result(said["result"])


@asynccontextmanager
async def browser(command: Path) -> AsyncIterator[_Connection]:
    """Run a browser with a profile of its own; it is gone afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        process = await asyncio.create_subprocess_exec(
            str(command),
            *sandbox,
            f"--user-data-dir={home}",
            *FLAGS,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            env=os.environ | {"HOME": home},
        )
        try:
            port, path = await _address(Path(home) / "DevToolsActivePort")
            address = f"ws://127.0.0.1:{port}{path}"
            async with (
                aiohttp.ClientSession() as client,
                client.ws_connect(address, max_msg_size=0) as socket,
            ):
                connection = _Connection(socket)
                listening = asyncio.create_task(connection.listen())
                yield connection
                listening.cancel()
        finally:
            os.killpg(process.pid, 9)
            await process.wait()


async def open_page(connection: _Connection, url: str) -> Page:
    """Open a tab."""
    target = await connection.call("Target.createTarget", {"url": "about:blank"})
    attached = await connection.call(
        "Target.attachToTarget", {"targetId": target["targetId"], "flatten": True}
    )
    page = connection.pages[attached["sessionId"]] = Page(connection, attached["sessionId"])
    await page.open(url)
    return page


async def _address(path: Path) -> tuple[int, str]:
    deadline = asyncio.get_running_loop().time() + 30
    while asyncio.get_running_loop().time() < deadline:
        if path.exists() and len(lines := path.read_text().split()) == 2:
            return int(lines[0]), lines[1]
        await asyncio.sleep(0.02)
    raise AssertionError("chromium did not start")
