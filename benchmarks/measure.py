"""Run one command and say what it cost: CPU of its whole process tree, wall, peak memory."""

import os
import select
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

SAMPLE_S = 0.2
TICKS = os.sysconf("SC_CLK_TCK")


class Cost(NamedTuple):
    """What one run cost."""

    code: int
    """Exit code; negative: the signal that ended it."""
    wall_s: float
    cpu_s: float
    """User and system time of the command and of all descendants that were reaped."""
    peak_mb: float
    """Highest resident memory of any one of its processes, in MB of 1024 x 1024 bytes."""
    processes: int
    """The most processes that were seen at one time."""
    early_mb: float
    """Highest resident memory of any process at a third of the run; with the end: is it flat?"""
    unreaped_cpu_s: float
    """CPU seen in processes beyond `cpu_s`: over about 0.2, a process escaped the count."""


def run(
    command: list[str],
    *,
    log: Path,
    cwd: Path,
    env: Mapping[str, str],
    timeout_s: float,
) -> Cost:
    """Run a command to its end, its output into `log`, in a process group of its own."""
    before = time.monotonic()
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    seen = _Seen()
    # A pidfd wakes us at the end, so that a short run is not rounded up to the sample time.
    pidfd = os.pidfd_open(child.pid)
    try:
        while not _ended(pidfd, SAMPLE_S):
            seen.sample(child.pid)
            if time.monotonic() - before > timeout_s:
                os.killpg(child.pid, 9)
                timeout_s = float("inf")
    except BaseException:
        os.killpg(child.pid, 9)
        raise
    finally:
        wall = time.monotonic() - before
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        os.close(pidfd)
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(
        code=child.returncode,
        wall_s=wall,
        cpu_s=cpu,
        # ru_maxrss is the largest of the command and its reaped descendants: right for short runs.
        peak_mb=max(seen.peak_kb, usage.ru_maxrss) / 1024,
        processes=seen.processes,
        early_mb=seen.early_kb(wall) / 1024,
        unreaped_cpu_s=max(0.0, sum(seen.cpu_s.values()) - cpu),
    )


def _ended(pidfd: int, timeout_s: float) -> bool:
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(timeout_s * 1000))


class _Seen:
    """What the samples of one process tree showed."""

    def __init__(self) -> None:
        self.peak_kb = 0
        self.processes = 0
        self.cpu_s: dict[int, float] = {}
        self._start = time.monotonic()
        self._peaks: list[tuple[float, int]] = []

    def sample(self, root: int) -> None:
        alive = 0
        waiting = [root]
        while waiting:
            pid = waiting.pop()
            try:
                peak_kb, cpu_s, children = _process(pid)
            except (OSError, ValueError, IndexError):
                continue  # it ended meanwhile
            alive += 1
            self.peak_kb = max(self.peak_kb, peak_kb)
            self.cpu_s[pid] = cpu_s
            waiting += children
        self.processes = max(self.processes, alive)
        self._peaks.append((time.monotonic() - self._start, self.peak_kb))

    def early_kb(self, wall_s: float) -> int:
        return max((kb for at, kb in self._peaks if at <= wall_s / 3), default=0)


def _process(pid: int) -> tuple[int, float, list[int]]:
    folder = Path("/proc", str(pid))
    status = (folder / "status").read_text()
    peak = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0 kB")
    times = (folder / "stat").read_text().rpartition(")")[2].split()
    children: list[int] = []
    for task in (folder / "task").iterdir():
        children += map(int, (task / "children").read_text().split())
    return int(peak.split()[1]), (int(times[11]) + int(times[12])) / TICKS, children
