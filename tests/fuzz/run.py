"""Fuzz one target or all: `python -m tests.fuzz.run --target robots --seconds 60`.

With `atheris` installed, mutations are guided by coverage (libFuzzer); without it inputs of the
corpus are changed at random. An input that breaks a promise is written to the folder of findings;
the exit code is 1 then.
"""

import argparse
import random
import resource
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
_UNIT_SECONDS = 20
"""An input that takes longer is a finding: all of this must be linear in its size."""


def main() -> int:
    # What is tested is not imported here: it must be instrumented first.
    options = _options()
    names = options.known if options.target == "all" else [options.target]
    if len(names) == 1 and options.here:
        return _fuzz(names[0], options)
    found = 0
    for name in names:
        found |= _in_process(name, options)
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="fuzz what reads the answers of servers")
    known = sorted(folder.name for folder in CORPUS.iterdir())
    parser.add_argument("--target", default="all", choices=["all", *known])
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--work", type=Path, default=Path(".fuzz"), help="grown corpus, findings")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-bytes", type=int, default=8192, help="longest input")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(namespace=argparse.Namespace(known=known))


def _in_process(name: str, options: argparse.Namespace) -> int:
    """Run one target in a process of its own, and say what it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "tests.fuzz.run", "--here", "--target", name]
    for flag in ("seconds", "work", "seed", "max_bytes"):
        command += [f"--{flag.replace('_', '-')}", str(getattr(options, flag))]
    code = subprocess.run(command, check=False).returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{name}: {used:.0f} CPU seconds, exit {code}", flush=True)
    return int(code != 0)


def _fuzz(name: str, options: argparse.Namespace) -> int:
    grown = options.work / name
    findings = options.work / "findings"
    for folder in (grown, findings):
        folder.mkdir(parents=True, exist_ok=True)
    if find_spec("atheris"):
        _guided(name, grown, findings, options)
    return _unguided(name, findings, options)


def _guided(name: str, grown: Path, findings: Path, options: argparse.Namespace) -> None:
    """Hand over to libFuzzer, which ends the process itself."""
    import atheris  # type: ignore[import-not-found]

    with atheris.instrument_imports(include=["crawler"]):
        from tests.fuzz.targets import TARGETS
    arguments = [
        "fuzz",
        str(grown),
        str(CORPUS / name),
        f"-max_total_time={options.seconds}",
        f"-max_len={options.max_bytes}",
        f"-seed={options.seed}",
        f"-timeout={_UNIT_SECONDS}",
        f"-artifact_prefix={findings}/{name}-",
        "-print_final_stats=1",
    ]
    atheris.Setup(arguments, TARGETS[name])
    atheris.Fuzz()


def _unguided(name: str, findings: Path, options: argparse.Namespace) -> int:
    from tests.fuzz.targets import TARGETS

    check = TARGETS[name]
    chance = random.Random(options.seed)
    inputs = [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]
    end = time.monotonic() + options.seconds
    count = 0
    while time.monotonic() < end:
        data = _changed(chance, inputs)[: options.max_bytes]
        count += 1
        try:
            check(data)
        except Exception:
            path = findings / f"{name}-{count}"
            path.write_bytes(data)
            print(f"finding: {path}", flush=True)
            raise
    print(f"{name}: {count} executions", flush=True)
    return 0


def _changed(chance: random.Random, inputs: list[bytes]) -> bytes:
    """Return an input with up to eight changes: bytes, cuts, doubled pieces, pieces of others."""
    data = bytearray(chance.choice(inputs))
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(data) + 1)
        size = chance.randint(1, 1 << chance.randint(0, 6))
        match chance.randrange(5):
            case 0:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del data[at : at + size]
            case 2:
                data[at:at] = data[at : at + size] * chance.randint(1, 4)
            case 3:
                other = chance.choice(inputs)
                start = chance.randrange(len(other) + 1)
                data[at:at] = other[start : start + size]
            case _:
                data[at:at] = chance.randbytes(min(size, 4))
    return bytes(data)


if __name__ == "__main__":
    sys.exit(main())
