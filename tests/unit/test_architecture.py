"""The house rules that import-linter and ruff cannot say."""

import ast
import configparser
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "crawler"
MODULES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES = 300
CATCH_ALL_NAMES = {
    "utils",
    "util",
    "common",
    "misc",
    "manager",
    "helpers",
    "helper",
    "tools",
    "base",
}
# Registries of packages: addresses differ from machine to machine, so files name packages only.
REGISTRY_HOSTS = r"pypi\.org|pythonhosted\.org|registry\.npmjs\.org|deb\.debian\.org"
# Homes and work trees of the machine that a file was written on.
MACHINE_PATHS = r"(?<![\w.~/-])/(?:home|root|Users|work|private/tmp)/[\w.-]"
# The brackets keep this line from finding itself.
UNFINISHED = r"\b(?:T[O]DO|F[I]XME|X[X]X)\b"

_IMPORT_AUDIT = """
import importlib, json, os, sys, threading

seen = []
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT

def audit(event, args):
    if event == "open":
        path, mode, flags = args
        if isinstance(path, int) or not (flags & WRITING):
            return
        seen.append(f"open {path} for writing")
    elif event.startswith(("socket.connect", "socket.bind", "socket.getaddrinfo")):
        seen.append(event)
    elif event in ("sqlite3.connect", "subprocess.Popen", "os.fork", "os.forkpty", "os.exec",
                   "os.posix_spawn", "os.system", "os.putenv", "os.mkdir", "os.remove"):
        seen.append(event)

sys.dont_write_bytecode = True
before = set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else set()
sys.addaudithook(audit)
for name in sys.argv[1:]:
    importlib.import_module(name)
after = set(os.listdir("/proc/self/fd")) if before else set()
if threading.active_count() > 1:
    seen.append("started a thread")
if len(after) > len(before):
    seen.append("left a file open")
print(json.dumps(seen))
"""


def _name(module: Path) -> str:
    parts = module.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _tracked_texts() -> list[tuple[str, str]]:
    """Return path and text of every tracked text file."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    found = []
    for name in filter(None, listing.stdout.split("\0")):
        path = ROOT / name
        if not path.is_file() or name.startswith("tests/corpus/"):
            continue
        try:
            found.append((name, path.read_text("utf-8")))
        except UnicodeDecodeError:
            continue
    return found


@pytest.fixture(scope="module")
def tracked() -> list[tuple[str, str]]:
    return _tracked_texts()


def _hits(pattern: str, texts: list[tuple[str, str]]) -> list[str]:
    search = re.compile(pattern).search
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts
        for number, line in enumerate(text.splitlines(), 1)
        if search(line)
    ]


@pytest.mark.parametrize("module", MODULES, ids=_name)
def test_module_is_small_named_and_explained(module: Path) -> None:
    """A module would grow past one reason to change, or nobody could say why it exists."""
    text = module.read_text("utf-8")
    assert len(text.splitlines()) <= MAX_LINES
    assert not CATCH_ALL_NAMES & set(_name(module).split("."))
    assert (ast.get_docstring(ast.parse(text)) or "").strip()


@pytest.mark.parametrize("module", MODULES, ids=_name)
def test_imports_are_absolute_and_not_starred(module: Path) -> None:
    """A relative import would hide from a reader which layer it reaches into."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            assert all(alias.name != "*" for alias in node.names), (
                f"line {node.lineno}: star import"
            )


def test_importing_does_nothing(tmp_path: Path) -> None:
    """An import that opens something would cross the fork, or slow down every command."""
    names = [_name(module) for module in MODULES if not _name(module).endswith("__main__")]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _IMPORT_AUDIT, *names],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
    assert not list(tmp_path.iterdir())


def test_layers_hold() -> None:
    """An import against the data flow would make the pure part depend on an adapter."""
    tool = Path(sys.executable).with_name("lint-imports")
    if not tool.exists():
        pytest.skip("import-linter is not installed beside this Python")
    done = subprocess.run(
        [tool, "--no-cache", "--config", ".importlinter"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_layer_is_left_out_of_a_contract() -> None:
    """A new module could use a library that only one place may know."""
    may = {
        "quasiqueue": {"qq", "dealer", "conf"},
        "http": {"fetch", "admin"},
        "dom": {"parse"},
        "database": {"frontier"},
    }
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    layers = {_name(module).split(".")[1] for module in MODULES if module != MODULES[0]}
    layers -= {"__main__"}
    for contract, exempt in may.items():
        listed = contracts[f"importlinter:contract:{contract}"]["source_modules"].split()
        assert {name.removeprefix("crawler.") for name in listed} == layers - exempt, contract


def test_nothing_is_left_unfinished(tracked: list[tuple[str, str]]) -> None:
    """A reminder in the code is a task that nobody sees."""
    assert _hits(UNFINISHED, tracked) == []


def test_no_paths_of_a_machine_and_no_registries(tracked: list[tuple[str, str]]) -> None:
    """A file would work only where it was written, or ask a registry that others cannot reach."""
    assert _hits(f"{MACHINE_PATHS}|{REGISTRY_HOSTS}", tracked) == []


def test_locks_pin_and_hash_everything() -> None:
    """An unpinned or unhashed line would let an install differ from the one that was tested."""
    for lock in sorted(ROOT.glob("requirements*.txt")):
        text = lock.read_text("utf-8").replace("\\\n", " ")
        lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
        assert lines, lock.name
        for line in lines:
            assert re.match(r"[a-z0-9._-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line), line[:80]


def test_locks_hold_what_pyproject_asks_for() -> None:
    """A dependency would be missing from every install until somebody remembered `make lock`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    runtime = project["project"]["dependencies"]
    groups = project["dependency-groups"]
    development = [wish for wish in groups["dev"] if isinstance(wish, str)]
    for lock, wishes in {
        "requirements.txt": runtime,
        "requirements-build.txt": groups["build"],
        "requirements-dev.txt": [*runtime, *groups["build"], *development],
    }.items():
        text = (ROOT / lock).read_text("utf-8")
        pinned = dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", text, re.MULTILINE))
        for wish in map(Requirement, wishes):
            assert wish.specifier.contains(pinned[wish.name.lower()]), f"{lock}: {wish}"


def test_nothing_is_pickled() -> None:
    """A file or a cache that somebody else can write to would run code in the crawler."""
    forbidden = {"pickle", "marshal", "shelve", "dill", "joblib"}
    found = []
    for module in MODULES:
        if module.name == "wire.py":
            continue  # pipes between a parent and its children, which nobody else can write to
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            found += [(module.name, name) for name in names if name.split(".")[0] in forbidden]
    assert found == []
