"""`GET /api/hosts` and `/api/hosts/{host}`: what the store knows of hosts, as JSON."""

from typing import Any

from crawler.admin.answer import Answer, json_answer
from crawler.admin.state import host_row
from crawler.admin.store import Store, StoreSilent
from crawler.model.view import HostReport
from crawler.ports import Now

MOST_URLS = 50


class Hosts:
    """Asks the store, and says so where it does not answer."""

    def __init__(self, store: Store, now: Now) -> None:
        self._store = store
        self._now = now

    async def some(self, limit: int) -> Answer:
        """Return those with most left to do."""
        now = self._now()
        try:
            hosts = await self._store.ask(lambda frontier: frontier.hosts(now=now, limit=limit))
        except StoreSilent as error:
            return _silent(error)
        return json_answer({"at": now, "hosts": [host_row(host, now) for host in hosts]})

    async def one(self, name: str) -> Answer:
        """Return everything about one host."""
        try:
            found = await self._store.ask(lambda frontier: frontier.host(name, limit=MOST_URLS))
        except StoreSilent as error:
            return _silent(error)
        if found is None:
            return json_answer({"error": f"no host {name!r} is known"}, status=404)
        return json_answer(_report(found, self._now()))


def _report(found: HostReport, now: int) -> dict[str, Any]:
    return {
        "at": now,
        **host_row(found.host, now),
        "dead": found.dead,
        "pages": found.pages,
        "page_limit": found.page_limit,
        "crawl_delay_ms": found.crawl_delay_ms,
        "next_in_ms": max(0, found.host.next_at - now),
        "origins": [{"origin": name, **gate._asdict()} for name, gate in found.origins],
        "urls": [url._asdict() for url in found.urls],
    }


def _silent(error: StoreSilent) -> Answer:
    return json_answer({"error": str(error)}, status=503)
