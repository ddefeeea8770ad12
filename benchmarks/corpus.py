"""Build the workloads from the packages: closed sites below `work/sites`, and their manifests.

Deterministic: the same package versions give the same bytes and the same lists.
    python -m benchmarks.corpus [--force] [WORKLOAD]...
"""

import argparse
import json
import shutil
import statistics
from pathlib import Path
from urllib.parse import unquote

from benchmarks import packages
from benchmarks.pages import Pages, closed, refresh_target, targets
from benchmarks.places import MANIFESTS, SITES, WORKLOADS, seeds

FORMAT = 4
W2_PAGES = 5000
W3_PAGES_PER_HOST = 22  # and the index page
W3_MAX_BYTES = 200_000
MANY = 10_000
LONG = 1000


def build(workload: str) -> dict[str, object]:
    """Build one workload and write its manifest.

    Beside each URL stands how many distinct web addresses its page links to, which every record
    is checked against; null for the few pages where crawlers may differ: with so many links that
    a crawler may cut the list, or with a meta refresh to where no link leads.
    """
    versions = {}
    for doc in _docs(workload):
        _, versions[packages.DOCS[doc].name] = packages.fetch(doc)
    folder = site_root(workload)
    print(f"building {workload}", flush=True)
    if workload == "W1x10":
        paths = [_path(url) for url in manifest("W1")["urls"]]
        urls = [seed[:-1] + path for seed in seeds(workload) for path in paths]
    else:
        shutil.rmtree(folder, ignore_errors=True)
        urls = {"W1": _whole, "W2": _first, "W3": _many_hosts, "empty": _empty}[workload](folder)
    MANIFESTS.mkdir(parents=True, exist_ok=True)
    content = {
        "format": FORMAT,
        "workload": workload,
        "packages": versions,
        "seeds": seeds(workload),
        **_figures(workload, urls),
        "urls": urls,
    }
    part = MANIFESTS / f"{workload}.json.part"
    part.write_text(json.dumps(content, indent=0))
    part.rename(MANIFESTS / f"{workload}.json")
    return content


def manifest(workload: str) -> dict:
    """Return the manifest of a workload, building the workload where it is missing."""
    file = MANIFESTS / f"{workload}.json"
    if file.exists():
        content = json.loads(file.read_text())
        if content["format"] == FORMAT and site_root(workload).exists():
            return content
    return build(workload)


def site_root(workload: str) -> Path:
    """Return the directory that nginx serves for a workload."""
    return SITES / ("W1" if workload == "W1x10" else workload)


def file_of(workload: str, url: str) -> Path:
    """Return the file that a URL of a workload is served from."""
    host = url.split("/", 3)[2].partition(":")[0]
    root = site_root(workload)
    return _file(root if WORKLOADS[workload].shared_root else root / host, _path(url))


def is_counted(url: str) -> bool:
    """Say whether a link counts in the check of a record: no crawler drops it for its length."""
    return url.startswith(("http:", "https:")) and len(url) <= LONG


def _docs(workload: str) -> list[str]:
    return {
        "W1": ["postgresql"],
        "W1x10": ["postgresql"],
        "W2": ["rust"],
        "W3": list(packages.DOCS),
        "empty": [],
    }[workload]


def _path(url: str) -> str:
    return url[url.index("/", 8) :]


def _file(root: Path, path: str) -> Path:
    relative = unquote(path[1:])
    if relative == "" or relative.endswith("/"):
        relative += "index.html"
    return root / relative


def _write(root: Path, pages: Pages, chosen: list[str]) -> None:
    inside = set(chosen)
    for path in chosen:
        source, target = pages.file(path), _file(root, path)
        assert source is not None
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(closed(source.read_bytes(), path, inside.__contains__))


def _whole(folder: Path) -> list[str]:
    pages = Pages(packages.fetch("postgresql")[0])
    chosen = pages.walk("/")
    _write(folder, pages, chosen)
    return [seeds("W1")[0][:-1] + path for path in chosen]


def _first(folder: Path) -> list[str]:
    pages = Pages(packages.fetch("rust")[0])
    chosen = pages.walk("/", limit=W2_PAGES)
    _write(folder, pages, chosen)
    return [seeds("W2")[0][:-1] + path for path in chosen]


def _many_hosts(folder: Path) -> list[str]:
    """Give each host the pages near one page of one package, packages in turn."""
    site = WORKLOADS["W3"]
    sources = []
    for doc, package in packages.DOCS.items():
        mount = f"/{doc}/"
        pages = Pages(packages.fetch(doc)[0], mount)
        starts = pages.walk(mount + package.start, max_bytes=W3_MAX_BYTES)
        sources.append((pages, starts))
    count = len(site.addresses)
    turns = count // len(sources)
    urls = []
    for number, address in enumerate(site.addresses):
        pages, starts = sources[number % len(sources)]
        chosen = _near(pages, starts, number // len(sources) * len(starts) // turns)
        _write(folder / address, pages, chosen)
        others = [(number + step) % count for step in (1, 7, 67)]
        (folder / address / "index.html").write_text(
            _index(address, chosen[0], [f"http://{site.addresses[n]}:{site.port}/" for n in others])
        )
        urls += [f"http://{address}:{site.port}{path}" for path in ["/", *chosen]]
    return urls


def _near(pages: Pages, starts: list[str], first: int) -> list[str]:
    """Return up to `W3_PAGES_PER_HOST` pages around the first start that leads to enough."""
    for start in starts[first:] + starts[:first]:
        chosen = pages.walk(start, W3_PAGES_PER_HOST, W3_MAX_BYTES)
        if len(chosen) == W3_PAGES_PER_HOST:
            return chosen
    raise ValueError(f"no page of {pages.root} leads to {W3_PAGES_PER_HOST} others")


def _index(address: str, start: str, others: list[str]) -> str:
    links = "\n".join(f'<li><a href="{url}">{url}</a>' for url in [start, *others])
    return (
        f'<!doctype html>\n<html lang="en"><title>Host {address}</title>\n'
        f"<h1>Host {address}</h1>\n<ul>\n{links}\n</ul></html>\n"
    )


def _empty(folder: Path) -> list[str]:
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(
        '<!doctype html>\n<html lang="en"><title>Empty</title><p>No links here.</html>\n'
    )
    return seeds("empty")


def _figures(workload: str, urls: list[str]) -> dict[str, object]:
    copies = len(WORKLOADS[workload].addresses) if workload == "W1x10" else 1
    sizes, links, distinct = [], [], []
    for url in urls[: len(urls) // copies]:
        body = file_of(workload, url).read_bytes()
        found = list(targets(body, url))
        sizes.append(len(body))
        links.append(len(found))
        odd = len(found) > MANY or refresh_target(body, url) not in {None, *found}
        distinct.append(None if odd else len({target for target in found if is_counted(target)}))
    return {
        "pages": len(urls),
        "mean_bytes": round(statistics.mean(sizes)),
        "median_bytes": round(statistics.median(sizes)),
        "max_bytes": max(sizes),
        "mean_links": round(statistics.mean(links), 1),
        "median_links": round(statistics.median(links)),
        "distinct_links": distinct * copies,
    }


def main() -> None:
    """Build the workloads named on the command line (default: all)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=", ".join(WORKLOADS))
    parser.add_argument("--force", action="store_true", help="build again what is there")
    args = parser.parse_args()
    for workload in args.workloads or WORKLOADS:
        content = build(workload) if args.force else manifest(workload)
        print({key: value for key, value in content.items() if not isinstance(value, list)})


if __name__ == "__main__":
    main()
