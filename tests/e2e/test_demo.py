"""`crawler demo`, what `make run` runs: a newcomer's first minute."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crawler.demo.web import ADDRESSES, build
from tests.e2e.test_report import report

pytestmark = pytest.mark.e2e


def test_the_demo_crawls_its_web_completely_and_shows_it(tmp_path: Path) -> None:
    """If this fails, nothing else that we say will be believed."""
    done = subprocess.run(
        [sys.executable, "-m", "crawler", "demo", "--job", "demo", "--delay", "20ms"],
        cwd=tmp_path,
        env={"PATH": "", "HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    about = json.loads((tmp_path / "demo" / "demo.json").read_text())
    records = [
        json.loads(line)
        for part in sorted((tmp_path / "demo" / "pages").glob("*.jsonl"))
        for line in part.read_text().splitlines()
    ]
    found = Counter(record["url"] for record in records)
    assert len(found) == about["crawled"] == len(records)
    hosts = Counter(urlsplit(url).hostname for url in found)
    sites = build(about["port"]).sites
    assert [hosts[address] for address in ADDRESSES] == [
        sum(page.crawled for page in site.values()) - 1 for site in sites.values()
    ]
    statuses = Counter(record["status"] for record in records)
    assert statuses[404] == 2
    assert statuses[500] == statuses[410] == statuses[403] == statuses[401] == 1
    assert {503, 429} & set(statuses) == set()
    titles = {record["title"] for record in records}
    assert {
        "港町の夕暮れ",
        "Ещё одно письмо",
        "등대에서 온 편지",
        "A letter in pictures 🦉🏮",
    } <= titles
    assert done.stdout.split()[:3] == ["records", str(about["crawled"]), "in"]
    assert "500 Internal Server Error" in done.stdout
    _audit_finds_its_faults(tmp_path / "demo")


def _audit_finds_its_faults(job: Path) -> None:
    """What is wrong in the demo web on purpose is what a newcomer tries the report on."""
    done = report("--json", "--job", job, cwd=job)
    assert (done.returncode, done.stderr) == (0, "")
    findings = {one["name"]: one for one in json.loads(done.stdout)["findings"]}
    answers = {
        name: sorted(item["answer"] for item in findings[name]["first"])
        for name in ("broken_links", "server_errors", "redirect_loops", "denied_links")
    }
    assert answers == {
        "broken_links": ["404", "404", "410"],
        "server_errors": ["500"],
        "redirect_loops": ["redirect_loop", "redirect_loop"],
        "denied_links": ["401", "403"],
    }
    assert all(item["places"] for item in findings["broken_links"]["first"])
    assert max(item["hops"] for item in findings["redirect_chains"]["first"]) == 5
    assert findings["duplicate_titles"]["count"] == 6
    assert findings["missing_titles"]["count"] == 1
