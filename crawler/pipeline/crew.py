"""How many readers a crawl has, noted in its store for those who watch it from elsewhere.

Written when it changes, which is a few times in a run. What a run that was killed has noted names
its process, so that nobody takes it for the next one's.
"""

import json
from collections.abc import Mapping

from crawler.model.fleet import FleetState
from crawler.ports import Frontier

CREW = "crew"
"""Name in the store's meta."""


class CrewNote:
    """What one run notes."""

    def __init__(self, frontier: Frontier) -> None:
        self._frontier = frontier
        self._noted = (0, 0)

    async def take(self, fleet: FleetState | None) -> None:
        """Note how many processes are ready, and how many there should be."""
        if fleet is None:
            return
        found = (sum(reader.ready for reader in fleet.readers), fleet.configured)
        if found == self._noted or not any((found[0], self._noted[0])):
            return  # nor while the first ones start
        self._noted = found
        await self._frontier.set_meta({CREW: json.dumps([fleet.parent_pid, *found])})


def crew_of(meta: Mapping[str, str], pid: int) -> tuple[int, int] | None:
    """Return how many readers of a process are ready, and should be; None: it has not noted it."""
    parent_pid, ready, configured = json.loads(meta.get(CREW) or "[0, 0, 0]")
    return (ready, configured) if parent_pid == pid else None
