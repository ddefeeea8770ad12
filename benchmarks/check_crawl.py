"""Crawl each workload with our crawler and check it from the server's own log.

Not timed. Every listed page is asked for once, robots.txt once for each origin and before its first
page, nothing else is asked for; a second start asks for nothing and ends with 0.
    python -m benchmarks.check_crawl [--processes N] [WORKLOAD]...
"""

import argparse
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks import corpus, server
from benchmarks.contenders import environment, ours
from benchmarks.places import WORK, WORKLOADS, seeds
from benchmarks.verify import verify

TIMEOUT_S = 900


def check(workload: str, processes: int) -> list[str]:
    """Crawl a workload twice into one job; return what was wrong, in words."""
    scratch = WORK / "runs" / f"{workload}-check"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    (scratch / "seeds.txt").write_text("\n".join(seeds(workload)) + "\n")
    manifest = corpus.manifest(workload)
    with server.serving([workload], log=True):
        wrong = [f"exit {code}" for code in [_start(workload, scratch, processes)] if code]
        first = _requests()
        wrong += _log_faults(first, manifest["urls"])
        verdict = verify(sorted(scratch.glob("job/pages/part-*.jsonl")), manifest)
        if not verdict.good:
            wrong.append(f"records: {verdict.words()}")
        wrong += [f"second start: exit {c}" for c in [_start(workload, scratch, processes)] if c]
        if again := _requests()[len(first) :]:
            wrong.append(f"second start asked for {len(again)} URLs (first: {again[0]})")
        if verify(sorted(scratch.glob("job/pages/part-*.jsonl")), manifest) != verdict:
            wrong.append("second start changed the records")
    if not wrong:
        shutil.rmtree(scratch)
    return wrong


def _start(workload: str, scratch: Path, processes: int) -> int:
    with (scratch / "output.log").open("ab") as log:
        return subprocess.run(
            ours(processes)(workload, scratch),
            cwd=scratch,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            check=False,
        ).returncode


def _requests() -> list[str]:
    """Return the URLs that were asked for, in order; our probe of the port is no request."""
    return [url for _, _, url in server.seen()]


def _log_faults(requests: Sequence[str], urls: Sequence[str]) -> list[str]:
    robots = {url[: url.index("/", 8)] + "/robots.txt" for url in urls}
    expected = Counter(urls) + Counter(robots)
    got = Counter(requests)
    faults = {
        "never asked for": expected - got,
        "asked for too often, or not listed": got - expected,
    }
    wrong = [f"{sum(c.values())} {what} (first: {min(c)})" for what, c in faults.items() if c]
    early = set()
    settled: set[str] = set()
    for url in requests:
        if url in robots:
            settled.add(url)
        elif url[: url.index("/", 8)] + "/robots.txt" not in settled:
            early.add(url)
    if early:
        wrong.append(f"{len(early)} pages before their robots.txt (first: {min(early)})")
    return wrong


def main() -> int:
    """Check the workloads named on the command line (default: all)."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=", ".join(WORKLOADS))
    parser.add_argument("--processes", type=int, default=1)
    args = parser.parse_args()
    code = 0
    for workload in args.workloads or WORKLOADS:
        wrong = check(workload, args.processes)
        print(f"{workload}: {'; '.join(wrong) or 'every page once, nothing else'}", flush=True)
        code |= bool(wrong)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
