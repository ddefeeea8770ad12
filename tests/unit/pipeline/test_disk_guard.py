"""When a disk counts as full, and when there is space again."""

from pathlib import Path

from crawler.pipeline.disk_guard import FULL, DiskGuard, free_bytes

JOB, OUTPUT = Path("/job"), Path("/out")


class Store:
    """As much of a frontier as the guard asks."""

    def __init__(self) -> None:
        self.noted = {FULL: "/of/a/killed/run"}

    async def meta(self) -> dict[str, str]:
        return self.noted

    async def set_meta(self, values: dict[str, str]) -> None:
        self.noted |= values


class Scene:
    def __init__(self, least: int = 1000) -> None:
        self.free: dict[Path, int | None] = {JOB: 5000, OUTPUT: 5000}
        self.holds: set[str] = {"operator"}
        self.store = Store()
        self.guard = DiskGuard(
            (JOB, OUTPUT),
            least,
            self.store,  # type: ignore[arg-type]
            measure=lambda path: self.free[path],
        )

    async def look(self, **free: int | None) -> bool:
        self.free |= {Path("/" + name): size for name, size in free.items()}
        await self.guard.look(self.holds)
        assert "operator" in self.holds
        return "disk" in self.holds


async def test_claims_stop_below_the_least_and_go_on_a_tenth_above() -> None:
    """At one and the same mark it would turn with every page that is written."""
    scene = Scene()
    assert not await scene.look(job=1000)
    assert await scene.look(job=999)
    assert await scene.look(job=1000)
    assert await scene.look(job=1099)
    assert not await scene.look(job=1100)


async def test_each_disk_counts() -> None:
    scene = Scene()
    assert await scene.look(out=10)
    assert scene.guard.full == OUTPUT
    assert await scene.look(out=10, job=10)
    assert await scene.look(out=5000), "the other one is full now"
    assert scene.guard.full == JOB
    assert not await scene.look(job=5000)


async def test_a_disk_that_says_nothing_holds_nothing_up() -> None:
    scene = Scene()
    assert not await scene.look(job=None)
    assert await scene.look(out=1)


async def test_0_never_minds() -> None:
    assert not await Scene(0).look(job=0)


def test_free_space_is_what_a_user_may_write(tmp_path: Path) -> None:
    free = free_bytes(tmp_path)
    assert free is not None
    assert free > 0
    assert free_bytes(tmp_path / "none") is None


async def test_others_can_read_which_disk_is_full() -> None:
    """`crawler status` is another process: a crawl that waits would look like one that hangs."""
    scene = Scene()
    await scene.guard.begin()
    assert scene.store.noted[FULL] == ""
    await scene.look(out=1)
    assert scene.store.noted[FULL] == "/out"
    await scene.look(out=5000)
    assert scene.store.noted[FULL] == ""
