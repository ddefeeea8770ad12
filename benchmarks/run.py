"""Run our crawler, the ceiling and the peers side by side, check every page set, print the table.

    python -m benchmarks.run [--workloads W1x10,W2,W3,empty] [--runs N] [--peers crawlee,...]

Builds what is missing. Everything runs one after the other, the contenders of a workload in turn.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import sys
from pathlib import Path

from benchmarks import corpus, measure, peers_environment
from benchmarks.contenders import CONTENDERS, Contender, environment
from benchmarks.places import WORK, WORKLOADS, seeds
from benchmarks.server import serving
from benchmarks.table import Result, tables
from benchmarks.verify import verify

RUNS = WORK / "runs"
TIMEOUT_S = 900
QUIET_LOAD = 0.5


def one(contender: Contender, workload: str, *, keep: bool = False) -> Result:
    """Run one contender once on one workload, and check what it wrote."""
    scratch = RUNS / f"{workload}-{contender.name}"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    (scratch / "seeds.txt").write_text("\n".join(seeds(workload)) + "\n")
    log = scratch / "output.log"
    cost = measure.run(
        contender.command(workload, scratch),
        log=log,
        cwd=scratch,
        env=environment(),
        timeout_s=TIMEOUT_S,
    )
    figures = cost._asdict()
    if contender.measures_itself and cost.code == 0:
        figures |= json.loads(log.read_text().splitlines()[-1])
    manifest = corpus.manifest(workload)
    verdict = verify(sorted(scratch.glob(contender.records)), manifest)
    good = verdict.good and cost.code == 0
    if good and not keep:
        shutil.rmtree(scratch)
    return {
        "workload": workload,
        "contender": contender.name,
        "title": contender.title,
        **figures,
        "pages": verdict.pages,
        "listed": manifest["pages"],
        "good": good,
        "verdict": verdict.words() if cost.code == 0 else f"exit {cost.code}; {verdict.words()}",
    }


def machine() -> dict[str, object]:
    """Return what a reader must know to judge the figures."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    names = ("quasicrawler", "aiohttp", "selectolax", "quasiqueue", "uvloop")
    found = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "versions": found,
    }


def _list(known: list[str]) -> object:
    def parse(text: str) -> list[str]:
        names = [name.strip() for name in text.split(",") if name.strip()]
        if unknown := set(names) - set(known):
            raise argparse.ArgumentTypeError(
                f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(known)}"
            )
        return names

    return parse


def main() -> int:
    """Run the benchmark; 1 if any run was wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--workloads", type=_list(list(WORKLOADS)), default=["W1x10", "W2", "W3", "empty"]
    )
    parser.add_argument("--runs", type=int, default=1, help="of everything (median in the table)")
    parser.add_argument(
        "--peers",
        type=_list(list(CONTENDERS)),
        default=list(CONTENDERS),
        help=f"who runs: {', '.join(CONTENDERS)} (default: all)",
    )
    parser.add_argument("--keep", action="store_true", help="keep the records of good runs too")
    args = parser.parse_args()

    for workload in [*args.workloads, "empty"]:
        corpus.manifest(workload)
    facts = machine()
    if {"crawlee", "scrapy"} & set(args.peers):
        facts["peers"] = peers_environment.versions()
    results: list[Result] = []
    with serving([*args.workloads, "empty"]):
        _warm_up(args.peers)
        load = os.getloadavg()[0]
        if load > QUIET_LOAD:
            print(f"load is {load:.1f}: other work on this machine makes the figures indicative")
        for turn in range(args.runs):
            for workload in args.workloads:
                names = [name for name in args.peers if workload in CONTENDERS[name].workloads]
                # Each round begins with another one, so that no one always runs on a warm machine.
                shift = turn % max(len(names), 1)
                for name in names[shift:] + names[:shift]:
                    result = one(CONTENDERS[name], workload, keep=args.keep)
                    results.append({"turn": turn, "load": load, **result})
                    print(
                        f"{turn + 1}/{args.runs} {workload:6} {name:8} {result['pages']:6} pages"
                        f" {result['wall_s']:7.2f} s {result['cpu_s']:7.2f} CPU-s"
                        f" {result['pages'] / result['cpu_s']:7.0f} per CPU-s"
                        f" {result['peak_mb']:5.0f} MB  {result['verdict']}",
                        file=sys.stderr,
                        flush=True,
                    )
    _save({"machine": facts, "results": results})
    order = {name: place for place, name in enumerate(CONTENDERS)}
    results.sort(key=lambda result: order[result["contender"]])
    results.sort(key=lambda result: args.workloads.index(result["workload"]))
    print(f"{facts['cpu']}, {facts['cores']} cores, Python {facts['python']}\n")
    print(tables(results))
    return 0 if all(result["good"] for result in results) else 1


def _warm_up(names: list[str]) -> None:
    """Run each once unmeasured, so that no one pays for compiling Python files."""
    for name in names:
        if "empty" in CONTENDERS[name].workloads:
            one(CONTENDERS[name], "empty")


def _save(content: dict[str, object]) -> None:
    taken = [int(file.stem.partition("-")[2]) for file in WORK.glob("results-*.json")]
    file = WORK / f"results-{max(taken, default=0) + 1:03}.json"
    file.write_text(json.dumps(content, indent=1) + "\n")
    print(f"results: {file.relative_to(WORK.parent.parent)}", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
