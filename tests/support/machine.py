"""A machine with a systemd of its own, over a throw-away copy of this one's files.

`systemd-nspawn` boots the systemd that is installed here as process 1, above an overlay in memory:
no image, no download, and nothing stays. The network is this machine's, so it reaches a site on
loopback.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
UNIT = "quasicrawler"
STATE = "var/lib/private/quasicrawler"
"""Where a `DynamicUser` really keeps its `StateDirectory`."""
_ETC = "etc/systemd/system"

_BOOT = """
where=$1
shift
mount -t tmpfs -o mode=755 tmpfs "$where"
mkdir "$where/upper" "$where/work" "$where/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$where/upper,workdir=$where/work" "$where/root"
[ $# -gt 0 ] || exit 0
cd "$where/root"
rm -f etc/machine-id
mkdir -p opt/quasicrawler/bin
ln -s /opt/python/bin/python3 opt/quasicrawler/bin/python
exec systemd-nspawn --quiet --register=no --keep-unit --machine=quasicrawler-test --boot \\
    --console=pipe --directory=. "$@" -- --unit=sysinit.target
"""
"""$1: where to mount, in a mount namespace of its own; the rest: what of this machine is shared."""


def _boot(*words: str | Path) -> list[str | Path]:
    return ["unshare", "--mount", "--propagation=private", "sh", "-euc", _BOOT, "sh", *words]


def _packages() -> dict[str, str]:
    """Return where this environment's packages are there, by where they are here."""
    here = [path for path in sys.path if Path(path).name == "site-packages"]
    return {path: f"/opt/packages/{number}" for number, path in enumerate(here)}


def _shared() -> list[str]:
    """Return what is mounted below `/opt`: here it may be where no service looks, /root or /tmp."""
    places = {sys.base_prefix: "/opt/python", str(ROOT): "/opt/src", **_packages()}
    return [f"--bind-ro={here}:{there}" for here, there in places.items()]


ENVIRONMENT = {
    "PYTHONPATH": ":".join(["/opt/src", *_packages().values()]),
    "LD_LIBRARY_PATH": "/opt/python/lib",  # an interpreter may be built for the place it was in
}


def why_not() -> str | None:
    """Return what this machine lacks to be a host; None: nothing."""
    if os.geteuid() != 0:
        return "only root can boot a machine"
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(_boot(scratch), capture_output=True, text=True, check=False)
    return f"nothing can be mounted here: {done.stderr.strip()}" if done.returncode else None


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


class Machine:
    """`with Machine() as machine:` it has the unit as it stands, and this environment behind it."""

    def __enter__(self) -> Self:
        self._scratch = tempfile.TemporaryDirectory()
        self._log = tempfile.TemporaryFile()
        self._nspawn = subprocess.Popen(
            _boot(self._scratch.name, *_shared()),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env=os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
        )
        try:
            self._init = self._wait_for_init()
            self.wait_for(self._is_up, "systemd")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        shutil.copy(ROOT / f"config/{UNIT}.service", self.path(_ETC))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._nspawn.terminate()
        try:
            self._nspawn.wait(10)
        except subprocess.TimeoutExpired:
            self._nspawn.kill()  # its processes live in a namespace that ends with it
            self._nspawn.wait()
        self._log.close()
        self._scratch.cleanup()

    def _wait_for_init(self) -> int:
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children")

        def inits() -> list[int]:
            pids = map(int, children.read_text().split())
            return [pid for pid in pids if _name(pid) == "systemd"]

        self.wait_for(inits, "process 1")
        return inits()[0]

    def _is_up(self) -> bool:
        said = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return said in ("running", "degraded")

    def wait_for(self, condition: Callable[[], object], what: str, within_s: float = 60) -> None:
        end = time.monotonic() + within_s
        while not condition():
            if self._nspawn.poll() is not None or time.monotonic() > end:
                self._log.seek(0)
                said = self._log.read().decode(errors="replace")
                raise AssertionError(f"{what} did not come\n{said}")
            time.sleep(0.05)

    def path(self, inside: str) -> Path:
        """Return where a path of the machine is for us."""
        return Path(f"/proc/{self._init}/root", inside.lstrip("/"))

    def run(
        self, *words: str, check: bool = True, within_s: float = 90
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in it, as root."""
        done = subprocess.run(
            ["nsenter", f"--target={self._init}", "--all", "--", *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=within_s,
        )
        assert not (check and done.returncode), f"{words}: {done.stdout}{done.stderr}"
        return done

    def configure(self, environ: Mapping[str, str], crawl_file: str, **unit: str) -> None:
        """Leave nothing of an earlier service; write what an operator writes, and have it read.

        `unit`: what stands in a drop-in beside what this machine needs.
        """
        self.run("systemctl", "stop", UNIT)
        self.run("systemctl", "reset-failed", UNIT, check=False)
        shutil.rmtree(self.path(STATE), ignore_errors=True)
        self._cursor = self._last_entry()
        etc, drop_in = self.path("etc/quasicrawler"), self.path(f"{_ETC}/{UNIT}.service.d")
        etc.mkdir(exist_ok=True)
        drop_in.mkdir(exist_ok=True)
        (etc / "production.toml").write_text(crawl_file)
        (etc / "env").write_text("".join(f"{name}={value}\n" for name, value in environ.items()))
        (etc / "env").chmod(0o600)
        lines = [f"Environment={name}={value}\n" for name, value in ENVIRONMENT.items()]
        lines += [f"{name}={value}\n" for name, value in unit.items()]
        (drop_in / "test.conf").write_text("[Service]\n" + "".join(lines))
        self.run("systemctl", "daemon-reload")

    def _last_entry(self) -> str:
        self.run("journalctl", "--sync")
        said = self.run("journalctl", "--lines=1", "--show-cursor", "--output=cat").stdout
        return said.rpartition("-- cursor: ")[2].strip()

    def crawler(self, *words: str) -> str:
        """Run the command line as root, as an operator does, and return what it said."""
        environ = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
        command = ["/opt/quasicrawler/bin/python", "-m", "crawler", *words]
        return self.run("env", "--chdir=/", *environ, *command).stdout

    def shown(self, name: str) -> str:
        """Return a property of the service."""
        return self.run("systemctl", "show", "--value", f"--property={name}", UNIT).stdout.strip()

    def wait_for_journal(self, text: str) -> None:
        """Wait until the service has said something since it was configured."""
        self.wait_for(lambda: text in self.journal(), f"in the journal, {text!r}")

    def journal(self) -> str:
        """Return what the service has said, and systemd about it, since it was configured."""
        since = f"--after-cursor={self._cursor}"
        return self.run("journalctl", f"--unit={UNIT}", "--output=cat", since).stdout
