"""Who runs: how each contender is started, where its records are, which workloads it gets."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks import peers_environment
from benchmarks.places import MANIFESTS, PROJECT

BIG = ("W1x10", "W1", "W2", "W3")


class Contender(NamedTuple):
    """One row of the table."""

    name: str
    title: str
    workloads: tuple[str, ...]
    command: Callable[[str, Path], list[str]]
    """From workload and scratch directory (which holds `seeds.txt`) to the command."""
    records: str
    """Pattern of the JSONL files below the scratch directory."""
    measures_itself: bool = False
    """Its last line of output is JSON with pages, cpu_s and wall_s, start-up not included."""


def ours(processes: int, *more: str) -> Callable[[str, Path], list[str]]:
    """Return how our crawler is started with so many reader processes, and what else it does."""

    def command(_workload: str, scratch: Path) -> list[str]:
        return [
            sys.executable, "-m", "crawler", "start", str(scratch / "seeds.txt"),
            "--job", str(scratch / "job"), "--delay", "0", "--per-host", "16", "-c", "16",
            "-p", str(processes), "--allow-net", "127.0.0.0/8", "--progress", "off", *more,
        ]  # fmt: skip

    return command


def _ceiling(workload: str, scratch: Path) -> list[str]:
    manifest = MANIFESTS / f"{workload}.json"
    return [sys.executable, "-m", "benchmarks.ceiling", str(manifest), str(scratch / "out.jsonl")]


def _peer(module: str, way: str) -> Callable[[str, Path], list[str]]:
    def command(_workload: str, scratch: Path) -> list[str]:
        return [
            str(peers_environment.python()), "-m", f"benchmarks.peers.{module}",
            str(scratch / "seeds.txt"), str(scratch / "out.jsonl"), way,
        ]  # fmt: skip

    return command


CONTENDERS = {
    contender.name: contender
    for contender in (
        Contender(
            "ours", "QuasiCrawler, 1 reader", (*BIG, "empty"), ours(1), "job/pages/part-*.jsonl"
        ),
        Contender("ours-2", "QuasiCrawler, 2 readers", ("W3",), ours(2), "job/pages/part-*.jsonl"),
        Contender(
            "ours-fields",
            "QuasiCrawler with fields",
            ("W2",),
            ours(1, "--config", str(PROJECT / "benchmarks" / "fields.toml")),
            "job/pages/part-*.jsonl",
        ),
        Contender(
            "ours-warc",
            "QuasiCrawler with bodies kept",
            ("W2",),
            ours(1, "--store", "warc"),
            "job/pages/part-*.jsonl",
        ),
        Contender(
            "ours-http",
            "QuasiCrawler with its admin server",
            BIG,
            ours(1, "--http", "127.0.0.1:8199"),
            "job/pages/part-*.jsonl",
        ),
        Contender(
            "crawlee", "Crawlee", (*BIG, "empty"), _peer("crawlee_http", "ours"), "out.jsonl"
        ),
        Contender(
            "crawlee-plain", "Crawlee, plain", BIG, _peer("crawlee_http", "plain"), "out.jsonl"
        ),
        Contender("scrapy", "Scrapy", (*BIG, "empty"), _peer("scrapy_spider", "ours"), "out.jsonl"),
        Contender(
            "scrapy-plain", "Scrapy, plain", BIG, _peer("scrapy_spider", "plain"), "out.jsonl"
        ),
        Contender("ceiling", "ceiling", BIG, _ceiling, "out.jsonl", measures_itself=True),
    )
}


def environment() -> dict[str, str]:
    """Return the environment of every contender: no settings of the caller's reach it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONPATH": str(PROJECT)}
