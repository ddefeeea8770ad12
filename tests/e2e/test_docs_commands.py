"""Every command of the docs is run: block after block of a page, in one directory, as by a reader.

Names such as https://example.org/ are answered by a stand-in for the rest of the world, reached
through a proxy, so that no command is changed but for the ports of servers, which are free ones
here. What cannot be run here says so in the page, with a reason: see `docs.builder.pages`.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.builder.pages import Block, blocks, inline_code
from docs.builder.rows import commands
from tests.conftest import REQUIRE_SERVICES
from tests.support.ports import free_port
from tests.support.stand_in import StandIn

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
PAGES += [ROOT / "benchmarks/README.md"]
OWN_TESTS = {
    "docs/guides/tutorial-archive.md": "tests/e2e/test_tutorial_archive.py",
    "docs/guides/tutorial-watch.md": "tests/e2e/test_tutorial_watch.py",
}
"""Pages whose commands another test runs, because it looks at what comes out."""
NOT_HERE = ("docker", "sudo", "sudoedit", "systemctl", "journalctl", "pip", "git", "crontab", "ssh")
"""What would change the machine, or ask the network."""
LONG = re.compile(
    r"^(?:crawler demo --serve|python3 -m http\.server|crawler inspect .*--follow"
    r"|crawler status .*--watch)\b.*$",
    re.MULTILINE,
)
"""Commands that do not end by themselves."""
_PORT = re.compile(
    r"(?<=:)\d{4,5}(?=[/\s\"':*]|$)|(?<=--port )\d+|(?<=http\.server )\d+", re.MULTILINE
)
DAY_MS = 86_400_000
_HOST = re.compile(r"https?://([a-z][a-z.-]*\.[a-z]+)")
WAIT = """
import socket, sys, time
for attempt in range(2_000):
    try:
        socket.create_connection((("127.0.0.1", "127.0.3.1")[attempt % 2], int(sys.argv[1])))
        sys.exit()
    except OSError:
        time.sleep(0.05)
sys.exit("nobody listens there")
"""


RUNNING = "rm -rf crawl; crawler start --config crawl.toml --delay 2s --progress off & given=$!"
WAIT_FOR_RECORDS = """
import pathlib, sys, time
for attempt in range(2_000):
    if any(part.stat().st_size for part in pathlib.Path("crawl/pages").glob("*.jsonl")):
        sys.exit()
    time.sleep(0.05)
sys.exit("the crawl does not begin")
"""


def _running(page: Path) -> list[Block]:
    return [block for block in blocks(page) if "not run" not in block.marks]


def _has_commands(page: Path) -> bool:
    kinds = {"commands", "file", "toml", "python"}
    return any(block.kind in kinds for block in _running(page))


RUN = [
    page for page in PAGES if str(page.relative_to(ROOT)) not in OWN_TESTS and _has_commands(page)
]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """Answer for all hosts that the docs name."""
    missing = [tool for tool in ("openssl", "jq", "curl") if shutil.which(tool) is None]
    if missing and not os.environ.get(REQUIRE_SERVICES):
        pytest.skip(f"needs {', '.join(missing)}")
    hosts = {host for page in PAGES for host in _HOST.findall(page.read_text("utf-8"))}
    with StandIn(tmp_path_factory.mktemp("world"), hosts) as stand_in:
        yield stand_in


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory for PATH: our crawler, our Python, and a make that only looks."""
    path = tmp_path_factory.mktemp("tools")
    here, root = shlex.quote(sys.executable), shlex.quote(str(ROOT))
    scripts = {
        "crawler": f'exec {here} -m crawler "$@"',
        "python": f'exec {here} "$@"',
        "python3": f'exec {here} "$@"',
        # What targets do is for CI to show; that they are there, and can be made, is shown here.
        "make": f'exec /usr/bin/make --dry-run --directory={root} "$@" >/dev/null',
    }
    for name in NOT_HERE:
        scripts[name] = (
            f'echo "{name} is not for a test: mark the block <!-- not run: why -->"; exit 99'
        )
    for name, script in scripts.items():
        (path / name).write_text(f"#!/bin/sh\n{script}\n")
        (path / name).chmod(0o755)
    return path


@pytest.fixture(scope="session")
def environment(world: StandIn, tools: Path) -> dict[str, str]:
    """Return variables by which a command reaches the stand-in, and loses no time."""
    return {
        "PATH": os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.defpath]),
        "PYTHONPATH": str(ROOT),
        "SSL_CERT_FILE": str(world.authority),
        "CRAWLER_PROXY": f"http://127.0.0.1:{world.port}",
        "CRAWLER_DELAY": "0",
        "CRAWLER_NUM_PROCESSES": "1",
        "LANG": "C.UTF-8",
    }


@pytest.fixture(scope="session")
def crawled(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a job that pages may take as given: a site, visited on two days, with its bodies."""
    directory = tmp_path_factory.mktemp("crawled")
    flags = {"seeds": ["https://example.org/"], "store": "warc", "recrawl": "1d"}
    flags |= {"recrawl_max": "1d", "link_details": True, "progress": "off"}
    for day in (-1, 0):
        subprocess.run(
            [sys.executable, "-m", "tests.support.shifted", str(day * DAY_MS), json.dumps(flags)],
            cwd=directory,
            env={**environment, "HOME": str(directory)},
            check=True,
            capture_output=True,
            timeout=60,
        )
    return directory / "crawl"


class Script:
    """The commands of one page as one script of bash, which says in a file where it is."""

    def __init__(self, page: Path, crawled: Path | None) -> None:
        self.lines = ["set -eo pipefail", 'page_step() { echo "$1" > .step; }']
        self.ports: dict[str, str] = {}
        self._last_file = ""
        self._is_running = False
        self._crawled = crawled
        running = [block for block in blocks(page) if "not run" not in block.marks]
        for block in running:
            if block.name.endswith(".py"):  # a crawl file may name it before the page shows it
                self._write(block.name, block.text)
        for block in running:
            self._add(block)

    def _add(self, block: Block) -> None:
        text = _PORT.sub(self._port, block.text)
        given = block.marks.get("given")
        if given == "crawl" and self._crawled is not None:
            self.lines.append(f"[ -e crawl ] || cp -r {shlex.quote(str(self._crawled))} .")
        elif given == "running crawl":
            self.lines += [RUNNING, f"python -c {shlex.quote(WAIT_FOR_RECORDS)}"]
            self._is_running = True
        self.lines += [f"export {shlex.quote(pair)}" for pair in block.marks.get("set", "").split()]
        self.lines.append(f"page_step {block.line}")
        if block.kind == "file":
            self._write(block.name, text)
        elif block.kind == "toml":
            self._check_toml(text)
        elif block.kind == "python":
            self._write(".snippet.py", text)
            self.lines.append("python -m py_compile .snippet.py")
        elif block.kind == "commands":
            self._run(text, block)

    def _port(self, found: re.Match[str]) -> str:
        return self.ports.setdefault(found[0], str(free_port()))

    def _write(self, name: str, text: str) -> None:
        self.lines.append(f"cat > {name} <<'END OF FILE'\n{text.rstrip()}\nEND OF FILE")
        if name.endswith(".toml"):
            self._last_file = name
            if "seeds" in text:
                self.lines.append(f"crawler config check {name}")

    def _check_toml(self, text: str) -> None:
        """A part of a crawl file is good by itself, or behind the file that the page has begun."""
        self._write(".snippet", text)
        begun = self._last_file or "/dev/null"
        self.lines.append(f"cat {begun} .snippet > .whole.toml")
        self.lines.append(
            "crawler config check .whole.toml || crawler config check .snippet || { "
            "echo '[[extract]]' | cat - .snippet > .whole.toml; crawler config check .whole.toml; }"
        )

    def _run(self, text: str, block: Block) -> None:
        text = text.rstrip()
        if self._is_running and "crawler start" in text:
            self.lines.append("kill $given || true; wait $given || true")
            self._is_running = False
        if "background" in block.marks:
            self.lines.append(f"{{ {text}\n}} &")
            self._wait_for(text)
        elif LONG.search(text):
            self.lines.append(LONG.sub(r"{ \g<0>\n} &", text))
            if "crawler status" not in text and "--follow" not in text:
                self._wait_for(text)
        elif "exit code" in block.marks:
            code = int(block.marks["exit code"])
            self.lines.append(f"set +e; {{ {text}\n}}; code=$?; set -e; [ $code = {code} ]")
        elif re.search(r"\| (?:head|grep -q)\b", text):
            self.lines.append(f"set +o pipefail; {text}\nset -o pipefail")
        else:
            self.lines.append(text)
            if text.endswith("&"):
                self.lines.append("wait")  # the next block of a reader comes later

    def _wait_for(self, text: str) -> None:
        """Go on when the server that a command is answers at the port that it names."""
        for port in [port for port in self.ports.values() if port in text][:1]:
            self.lines.append(f"python -c {shlex.quote(WAIT)} {port}")


def _prepare(directory: Path, ports: dict[str, str]) -> None:
    """What a reader has: a checkout's examples, seeds, a file of cookies, a site."""
    for name in ("config", "seeds"):
        shutil.copytree(ROOT / name, directory / name)
    for path in (directory / "config").glob("*.toml"):
        text = _PORT.sub(lambda found: ports.get(found[0], found[0]), path.read_text("utf-8"))
        path.write_text(text, "utf-8")
    (directory / "seeds.txt").write_text("https://example.org/\n")
    (directory / "more-seeds.txt").write_text("https://shop.example/\n")
    (directory / "crawl.toml").write_text('seeds = ["https://example.org/"]\n')
    cookies = directory / "cookies.txt"
    cookies.write_text("# Netscape HTTP Cookie File\n")
    cookies.chmod(0o600)
    (directory / "site").mkdir()
    (directory / "site/index.html").write_text(
        "<!doctype html><html lang=en><title>The home page of a site</title>"
        "<meta name=description content='What the site is about'><h1>Home</h1><p>Welcome."
    )
    (directory / ".venv/bin").mkdir(parents=True)
    (directory / ".venv/bin/activate").touch()


@pytest.mark.parametrize("page", RUN, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_of_a_page_work(
    page: Path,
    environment: dict[str, str],
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    """A reader who types what the page says would be stopped by it."""
    is_given = any(block.marks.get("given") == "crawl" for block in _running(page))
    crawled = request.getfixturevalue("crawled") if is_given else None
    script = Script(page, crawled)
    _prepare(tmp_path, script.ports)
    with (tmp_path / ".output").open("wb") as output:
        bash = subprocess.Popen(
            ["bash", "-c", "\n".join(script.lines)],
            cwd=tmp_path,
            env={**environment, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / ".cache")},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = bash.wait(240)
        finally:
            _end(bash.pid)
            bash.wait(60)
    step = (tmp_path / ".step").read_text().strip() if (tmp_path / ".step").exists() else "?"
    text = (tmp_path / ".output").read_text("utf-8", "replace")
    assert code == 0, f"{page.relative_to(ROOT)}, the block at line {step}: {text[-3000:]}"


def _end(group: int) -> None:
    """End the servers that a page has left running, and no others: the script has a session."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            return


def test_pages_with_tests_of_their_own_have_them() -> None:
    """A page would be run by nobody."""
    assert [name for pair in OWN_TESTS.items() for name in pair if not (ROOT / name).exists()] == []


def test_what_is_not_run_has_a_reason() -> None:
    """A command that stopped working would be marked instead of mended."""
    reasons = [
        (page.name, block.line, block.marks["not run"])
        for page in PAGES
        for block in blocks(page)
        if "not run" in block.marks
    ]
    assert [each for each in reasons if len(each[2].split()) < 2] == []


def test_commands_in_sentences_exist() -> None:
    """A sentence would name a command or a flag that is not there."""
    known = commands()
    wrong = []
    for page in PAGES:
        for code in inline_code(page):
            words = code.split()
            if words[:1] != ["crawler"] or len(words) == 1 or not words[1].isalpha():
                continue
            path = " ".join(words[1:3]) if " ".join(words[1:3]) in known else words[1]
            groups = {name.split()[0] for name in known if " " in name}
            flags = [word.partition("=")[0] for word in words[2:] if word.startswith("--")]
            if path not in known and path not in groups:
                wrong.append((page.name, code))
            elif path in known:
                names = {
                    name
                    for option in known[path].params
                    for name in (*option.opts, *option.secondary_opts)
                }
                wrong += [(page.name, code) for flag in flags if flag not in names]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("    crawler config show --nosuch\n", 2),
        ("    # crawl.toml\n    seeds = []\n    nosuch = 1\n", 2),
        ("```toml\nnosuch = 1\n```\n", 2),
        ("    cat nothing | sort\n", 1),
        ("    docker ps\n", 99),
        ("    make nosuch\n", 2),
        ("<!-- exit code: 0 -->\n\n    crawler explain nonsense:\n", 1),
    ],
)
def test_what_does_not_work_is_found(
    text: str, code: int, environment: dict[str, str], tmp_path: Path
) -> None:
    """Every page would pass."""
    page = tmp_path / "page.md"
    page.write_text(text, "utf-8")
    done = subprocess.run(
        ["bash", "-c", "\n".join(Script(page, None).lines)],
        cwd=tmp_path,
        env={**environment, "HOME": str(tmp_path)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, (done.stdout, done.stderr)
