"""When a disk counts as full, and when there is space again."""

from pathlib import Path

from crawler.pipeline.disk_guard import DiskGuard, free_bytes

JOB, OUTPUT = Path("/job"), Path("/out")


class Scene:
    def __init__(self, least: int = 1000) -> None:
        self.free: dict[Path, int | None] = {JOB: 5000, OUTPUT: 5000}
        self.holds: set[str] = {"operator"}
        self.guard = DiskGuard((JOB, OUTPUT), least, measure=lambda path: self.free[path])

    def look(self, **free: int | None) -> bool:
        self.free |= {Path("/" + name): size for name, size in free.items()}
        self.guard.look(self.holds)
        assert "operator" in self.holds
        return "disk" in self.holds


def test_claims_stop_below_the_least_and_go_on_a_tenth_above() -> None:
    """At one and the same mark it would turn with every page that is written."""
    scene = Scene()
    assert not scene.look(job=1000)
    assert scene.look(job=999)
    assert scene.look(job=1000)
    assert scene.look(job=1099)
    assert not scene.look(job=1100)


def test_each_disk_counts() -> None:
    scene = Scene()
    assert scene.look(out=10)
    assert scene.guard.full == OUTPUT
    assert scene.look(out=10, job=10)
    assert scene.look(out=5000), "the other one is full now"
    assert scene.guard.full == JOB
    assert not scene.look(job=5000)


def test_a_disk_that_says_nothing_holds_nothing_up() -> None:
    scene = Scene()
    assert not scene.look(job=None)
    assert scene.look(out=1)


def test_0_never_minds() -> None:
    assert not Scene(0).look(job=0)


def test_free_space_is_what_a_user_may_write(tmp_path: Path) -> None:
    free = free_bytes(tmp_path)
    assert free is not None
    assert free > 0
    assert free_bytes(tmp_path / "none") is None
