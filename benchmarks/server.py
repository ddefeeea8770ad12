"""nginx on loopback for all workloads: own configuration, one worker, child of this process.

python -m benchmarks.server [--log]       serves until interrupted
"""

import argparse
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from benchmarks.corpus import manifest, site_root
from benchmarks.places import WORK, WORKLOADS

NGINX = WORK / "nginx"
ACCESS_LOG = NGINX / "access.log"
PATIENCE_S = 10


def configuration(workloads: list[str], log: bool, token: str) -> str:
    """Return an nginx configuration that touches nothing outside `work/nginx`.

    Every server answers `/token` with the token: by that we know ours from any other.
    """
    scratch = "\n".join(
        f"    {kind}_temp_path {NGINX}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    servers = "\n".join(_server(workload, token) for workload in workloads)
    access = f"{ACCESS_LOG} seen" if log else "off"
    user = f"user {pwd.getpwuid(os.geteuid()).pw_name} root;" if os.geteuid() == 0 else ""
    return f"""daemon off;
{user}
worker_processes 1;
pid {NGINX}/nginx.pid;
error_log {NGINX}/error.log warn;
events {{ worker_connections 4096; }}
http {{
    types {{ text/html html; text/plain txt; }}
    default_type application/octet-stream;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 75s;
    keepalive_requests 1000000;
    log_format seen '$msec $status http://$server_addr:$server_port$request_uri "$http_user_agent"';
    access_log {access};
{scratch}
{servers}
}}
"""


def _server(workload: str, token: str) -> str:
    site = WORKLOADS[workload]
    root = site_root(workload)
    listen = "\n".join(f"        listen {address}:{site.port};" for address in site.addresses)
    allow = 'default_type text/plain; return 200 "User-agent: *\\nDisallow:\\n";'
    # The last digit decides, so that a workload has both an origin with rules and one without.
    odd = "if ($server_addr ~ [13579]$) { return 404; }" if site.robots == "mixed" else ""
    return f"""    server {{
{listen}
        root {root}{"" if site.shared_root else "/$server_addr"};
        location = /robots.txt {{ {odd} {allow} }}
        location = /{token} {{ access_log off; default_type text/plain; return 200 "{token}"; }}
    }}"""


@contextmanager
def serving(workloads: list[str], *, log: bool = False) -> Iterator[None]:
    """Serve the workloads while the block runs; SIGTERM ends it as Ctrl-C does, and the server."""
    workloads = list(dict.fromkeys(workloads))
    for workload in workloads:
        manifest(workload)
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise SystemExit("nginx is missing; on Debian: apt-get install nginx-light")
    _refuse_taken(workloads)
    NGINX.mkdir(parents=True, exist_ok=True)
    ACCESS_LOG.unlink(missing_ok=True)
    config = NGINX / "nginx.conf"
    token = secrets.token_hex(8)
    config.write_text(configuration(workloads, log, token))
    before = signal.signal(signal.SIGTERM, _leave)
    child: subprocess.Popen | None = None
    try:
        # A group of its own: Ctrl-C reaches us alone, and we stop it.
        child = subprocess.Popen(
            [program, "-p", NGINX, "-e", NGINX / "error.log", "-c", config], process_group=0
        )
        _wait_for(workloads, child, token)
        yield
    finally:
        # A second signal must not keep us from ending the server.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if child is not None:
            _end(child)
        signal.signal(signal.SIGTERM, before)


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _end(child: subprocess.Popen) -> None:
    child.terminate()
    try:
        child.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _refuse_taken(workloads: list[str]) -> None:
    """Raise if anything listens where we are going to: it would be measured in our place."""
    for workload in workloads:
        site = WORKLOADS[workload]
        for address in site.addresses:
            with socket.socket() as probe:
                # As nginx does: a connection that has just ended is nobody who listens.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((address, site.port))
                except OSError as error:
                    where = f"{address}:{site.port}"
                    raise SystemExit(f"{where}, for {workload}: {error.strerror}") from None


def _wait_for(workloads: list[str], child: subprocess.Popen, token: str) -> None:
    """Wait until our own nginx answers on every port; nginx opens all addresses at once."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + PATIENCE_S
    for workload in workloads:
        site = WORKLOADS[workload]
        where = f"{site.addresses[-1]}:{site.port}"
        while True:
            if child.poll() is not None:
                raise SystemExit(f"nginx ended at once; see {NGINX / 'error.log'}")
            try:
                with direct.open(f"http://{where}/{token}", timeout=1) as response:
                    answer = response.read(100).decode("latin-1")
            except urllib.error.HTTPError:
                answer = ""
            except OSError:
                if time.monotonic() > deadline:
                    raise SystemExit(f"nginx does not answer for {workload}") from None
                time.sleep(0.02)
                continue
            if answer != token:
                raise SystemExit(f"another server than ours answers at {where}, for {workload}")
            break


def seen(log: Path = ACCESS_LOG) -> list[tuple[float, int, str]]:
    """Return time, status and URL of every request that the server logged."""
    lines = (line.split(" ", 3) for line in log.read_text().splitlines())
    return [(float(when), int(status), url) for when, status, url, _ in lines]


def main() -> None:
    """Serve all workloads until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", action="store_true", help=f"write {ACCESS_LOG}")
    with serving(list(WORKLOADS), log=parser.parse_args().log):
        for workload, site in WORKLOADS.items():
            print(f"{workload}: http://{site.addresses[0]}:{site.port}/", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
