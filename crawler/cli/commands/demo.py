"""`crawler demo`: serve the bundled web, crawl it as anybody would, look at the records."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

import crawler
from crawler.errors import ConfigError, StorageError

_ABOUT = "demo.json"
"""In a directory that has it, all is the demo's own."""


def demo(
    job: Annotated[
        Path, typer.Option("-j", "--job", metavar="DIR", help="Made anew each time.")
    ] = Path("demo-crawl"),
    delay: Annotated[
        str, typer.Option("--delay", metavar="TIME", help="Between two requests to one host.")
    ] = "50ms",
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="0: any free one.")
    ] = 0,
    serve: Annotated[
        bool, typer.Option("--serve", help="Only serve the web, for crawls of your own.")
    ] = False,
) -> None:
    """Crawl a small web that is bundled with the crawler, then inspect the records.

    The web has six sites on this machine alone, with everything that a crawler meets: robots.txt,
    redirects, errors, slow and large pages, many scripts and encodings.
    """
    if serve:
        _serve(port)
    job = job.absolute()
    _make_room(job)
    seeds = job / "seeds.txt"
    with _served(port, seeds) as about:
        (job / _ABOUT).write_text(json.dumps(about) + "\n", encoding="utf-8")
        options = ["--job", str(job), "--delay", delay, "--retry-base", "200ms"]
        options += ["--allow-net", "127.0.0.0/8"]
        code = _run("start", str(seeds), *options, job=job)
    if code:
        sys.exit(code)
    code = _run("inspect", str(job), job=job)
    typer.echo(f"\nThe demo web has {about['crawled']} addresses that may be crawled.", err=True)
    sys.exit(code)


def _make_room(job: Path) -> None:
    """Make the directory, or empty the one that an earlier demo made.

    Raises:
        ConfigError: something else is there.
        JobLocked: an earlier demo is still running.
    """
    from crawler.job.lock import acquire

    if job.is_dir() and any(job.iterdir()):
        if not (job / _ABOUT).is_file():
            raise ConfigError(f"{job} is not a demo's: name another directory with --job")
        with acquire(job, wait_s=0):
            _empty(job)
    try:
        job.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Before anything else is in it: a demo that is broken off must know it again.
        (job / _ABOUT).touch()
    except (FileExistsError, NotADirectoryError):
        raise ConfigError(f"{job} is no directory") from None
    except OSError as error:
        raise StorageError(f"cannot make {job}: {error.strerror}") from error


def _empty(job: Path) -> None:
    """Remove what an earlier demo made; what says that it is a demo's goes last."""
    for path in job.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != _ABOUT:
            path.unlink()
    shutil.rmtree(job)


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", *words]


def _environment() -> dict[str, str]:
    """Return an environment that finds this very package, and holds no settings of a crawl."""
    root = str(Path(crawler.__file__).parents[1])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CRAWLER_")}
    paths = [root, *filter(None, [kept.get("PYTHONPATH")])]
    return kept | {"PYTHONPATH": os.pathsep.join(paths)}


def _serve(port: int) -> None:
    os.execve(  # noqa: S606 - it becomes the server, so that signals reach it
        sys.executable, _command("crawler.demo", "--port", str(port)), _environment()
    )


@contextmanager
def _served(port: int, seeds: Path) -> Iterator[dict[str, Any]]:
    """Run the web while the block runs; it dies with this process, whatever ends it.

    Raises:
        ConfigError: the loopback addresses or the port cannot be used.
    """
    command = _command("crawler.demo", "--port", str(port), "--seeds", str(seeds), "--stdin")
    with subprocess.Popen(  # noqa: S603 - our own module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(),
        start_new_session=True,  # Ctrl-C is for the crawl, which still finishes what is in flight
    ) as web:
        try:
            line = web.stdout.readline() if web.stdout else b""
            if not line:
                problem = web.stderr.read().decode().strip() if web.stderr else ""
                raise ConfigError(problem or "the demo web did not start")
            yield json.loads(line)
        finally:
            if web.stdin:
                web.stdin.close()


def _run(*words: str, job: Path) -> int:
    """Run a command of the crawler as a user would, and pass on the signals that we get."""
    shown = [os.path.relpath(word) if word.startswith(str(job)) else word for word in words]
    typer.secho(f"$ crawler {' '.join(shown)}", bold=True, err=True)
    # In the job's own directory no .env of the user is read.
    with _passed_on() as begun:
        child = subprocess.Popen(_command("crawler", *words), cwd=job, env=_environment())  # noqa: S603
        with child:
            begun(child)
            code = child.wait()
    return code if code >= 0 else 128 - code


@contextmanager
def _passed_on() -> Iterator[Callable[[subprocess.Popen[bytes]], None]]:
    """Leave the end to a child: it stops cleanly, and its code is ours.

    It holds from before the child is there, which would otherwise be left alone by a signal that
    comes while it is started; what is given is to be called with the child.
    """
    children: list[subprocess.Popen[bytes]] = []
    came: list[int] = []

    def pass_on(number: int, _frame: object) -> None:
        came.append(number)
        for child in children:
            child.terminate()

    def begun(child: subprocess.Popen[bytes]) -> None:
        children.append(child)
        if came:
            child.terminate()

    before = {
        # A terminal sends Ctrl-C to the child itself.
        signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),
        signal.SIGTERM: signal.signal(signal.SIGTERM, pass_on),
    }
    # A terminal that closes tells the child as well, which knows what it means under `nohup`.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, pass_on)
    try:
        yield begun
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
