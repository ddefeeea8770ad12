"""nginx on loopback for all workloads: own configuration, one worker, child of this process.

python -m benchmarks.server [--log]       serves until interrupted
"""

import argparse
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.corpus import manifest, site_root
from benchmarks.places import WORK, WORKLOADS

NGINX = WORK / "nginx"
ACCESS_LOG = NGINX / "access.log"
PATIENCE_S = 10


def configuration(workloads: list[str], log: bool) -> str:
    """Return an nginx configuration that touches nothing outside `work/nginx`."""
    scratch = "\n".join(
        f"    {kind}_temp_path {NGINX}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    servers = "\n".join(_server(workload) for workload in workloads)
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


def _server(workload: str) -> str:
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
    }}"""


@contextmanager
def serving(workloads: list[str], *, log: bool = False) -> Iterator[None]:
    """Serve the workloads while the block runs."""
    workloads = list(dict.fromkeys(workloads))
    for workload in workloads:
        manifest(workload)
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        raise SystemExit("nginx is missing; on Debian: apt-get install nginx-light")
    NGINX.mkdir(parents=True, exist_ok=True)
    ACCESS_LOG.unlink(missing_ok=True)
    config = NGINX / "nginx.conf"
    config.write_text(configuration(workloads, log))
    # A group of its own: Ctrl-C reaches us alone, and we stop it.
    child = subprocess.Popen(
        [program, "-p", NGINX, "-e", NGINX / "error.log", "-c", config], process_group=0
    )
    try:
        _wait_for(workloads, child)
        yield
    finally:
        child.terminate()
        try:
            child.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_for(workloads: list[str], child: subprocess.Popen) -> None:
    deadline = time.monotonic() + PATIENCE_S
    for workload in workloads:
        site = WORKLOADS[workload]
        while True:
            if child.poll() is not None:
                raise SystemExit(f"nginx ended at once; see {NGINX / 'error.log'}")
            try:
                socket.create_connection((site.addresses[-1], site.port), 1).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise SystemExit(f"nginx does not answer for {workload}") from None
                time.sleep(0.02)


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
