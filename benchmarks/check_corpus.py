"""Check that the built sites are closed: a plain walk over the files finds exactly the list.

python -m benchmarks.check_corpus [WORKLOAD]...
"""

import sys
from collections import deque

from benchmarks.corpus import file_of, manifest
from benchmarks.pages import refresh_target, targets
from benchmarks.places import OUTSIDE, WORKLOADS


def faults(workload: str) -> list[str]:
    """Return what is wrong with a workload, in words; nothing where it is closed."""
    content = manifest(workload)
    listed = set(content["urls"])
    found = set(content["seeds"])
    queue = deque(content["seeds"])
    wrong = []
    if len(listed) != len(content["urls"]):
        wrong.append("a page is listed twice")
    while queue:
        url = queue.popleft()
        if not file_of(workload, url).is_file():
            wrong.append(f"{url} has no file")
            continue
        body = file_of(workload, url).read_bytes()
        refresh = refresh_target(body, url)
        if refresh is not None and not _leads_nowhere_new(refresh, listed):
            wrong.append(f"{url} has a meta refresh to {refresh}, which is not listed")
        for target in targets(body, url):
            if not _leads_nowhere_new(target, listed):
                wrong.append(f"{url} links to {target}, which is not listed")
            elif target in listed and target not in found:
                found.add(target)
                queue.append(target)
    wrong += [f"{url} is listed, but cannot be reached" for url in sorted(listed - found)]
    return wrong


def _leads_nowhere_new(target: str, listed: set[str]) -> bool:
    is_web = target.startswith(("http://", "https://"))
    return target in listed or not is_web or target.startswith(OUTSIDE + "/")


def main() -> int:
    """Check the workloads named on the command line (default: all)."""
    code = 0
    for workload in sys.argv[1:] or WORKLOADS:
        wrong = faults(workload)
        print(f"{workload}: {len(manifest(workload)['urls'])} pages,", wrong[:5] or "closed")
        code |= bool(wrong)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
