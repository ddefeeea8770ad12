"""What others can know of the readers of a crawl: written seldom, and never another run's."""

from crawler.model.fleet import FleetState, ReaderState
from crawler.pipeline.crew import CrewNote, crew_of


class Store:
    """Keeps the meta, and counts how often it is written."""

    def __init__(self) -> None:
        self.meta: dict[str, str] = {}
        self.writes = 0

    async def set_meta(self, values: dict[str, str]) -> None:
        self.meta |= values
        self.writes += 1


def fleet(*ready: bool) -> FleetState:
    readers = [ReaderState(name="r", pid=1, ready=one, held=0) for one in ready]
    rest: dict[str, object] = {"queue_depth": 0, "in_flight": 0, "measured": None}
    return FleetState(readers=readers, configured=2, parent_pid=7, **rest)  # type: ignore[arg-type]


async def test_readers_are_noted_when_they_change_only():
    """A transaction of the parent each second would hold up the commits of the readers."""
    store = Store()
    note = CrewNote(store)  # type: ignore[arg-type]
    for seen in (None, fleet(), fleet(False, False)):
        await note.take(seen)
    assert (store.writes, crew_of(store.meta, 7)) == (0, None)
    for _ in range(3):
        await note.take(fleet(True, True))
    assert (store.writes, crew_of(store.meta, 7)) == (1, (2, 2))
    await note.take(fleet(True, False))
    assert crew_of(store.meta, 7) == (1, 2)
    await note.take(fleet())
    assert crew_of(store.meta, 7) == (0, 2)


async def test_what_another_process_noted_is_not_believed():
    """A crawl that was killed leaves its note."""
    store = Store()
    await CrewNote(store).take(fleet(True, True))  # type: ignore[arg-type]
    assert crew_of(store.meta, 8) is None
