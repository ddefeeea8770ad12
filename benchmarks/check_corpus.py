"""Check that the built sites are closed: a plain walk over the files finds exactly the list.

python -m benchmarks.check_corpus [WORKLOAD]...
"""

import sys
from collections import deque

from benchmarks.corpus import file_of, manifest
from benchmarks.pages import targets
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
        for target in targets(file_of(workload, url).read_bytes(), url):
            if target in found or target.startswith(OUTSIDE + "/"):
                continue
            if not target.startswith(("http://", "https://")):
                continue
            if target not in listed:
                wrong.append(f"{url} links to {target}, which is not listed")
                continue
            found.add(target)
            queue.append(target)
    wrong += [f"{url} is listed, but cannot be reached" for url in sorted(listed - found)]
    return wrong


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
