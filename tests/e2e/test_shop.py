"""The demo shop by configuration alone: every product, typed, against the demo's own data."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.demo.wares import WARES
from tests.support.crawl import Crawl

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
SHOP = "127.0.3.2"


@pytest.fixture
def base() -> Iterator[str]:
    """The shop's address while the demo web is served."""
    command = [sys.executable, "-m", "crawler.demo", "--stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as web:
        assert web.stdin is not None
        assert web.stdout is not None
        try:
            yield f"http://{SHOP}:{json.loads(web.stdout.readline())['port']}"
        finally:
            web.stdin.close()


@pytest.mark.parametrize("file", ["shop.toml", "shop-by-code.toml"])
def test_every_product_of_the_shop_comes_out_typed(tmp_path: Path, base: str, file: str) -> None:
    """The tutorial promises it: four kinds of markup, missing prices, and one table for all; and
    the same by a function, which is what a person who needs code begins with."""
    config = ("--config", str(ROOT / "config" / file), "-p", "2", "--delay", "0")
    crawl = Crawl(tmp_path / "job", f"{base}/", *config)
    assert crawl.run() == 0, crawl.err
    records = {record["url"].removeprefix(base): record for record in crawl.records()}
    assert {target for target in records if target.startswith("/item/")} == {
        ware.target for ware in WARES
    }
    for ware in WARES:
        record = records[ware.target]
        related = record["fields"].pop("related")
        assert len(related) == 3
        assert {target.removeprefix(base) for target in related} <= set(records)
        assert record["fields"] == {
            "name": ware.name,
            "price": ware.price and {"amount": float(ware.price), "currency": "HRG"},
            "sku": ware.sku,
            "stock": ware.stock,
            "released": ware.released.isoformat(),
            "picture": base + ware.picture,
        }
        error = record["extract_error"]
        is_told = file == "shop.toml" and not ware.price
        assert error.startswith("price: missing") if is_told else error is None
    listed = [
        item
        for target, record in records.items()
        if target.startswith("/shelf/")
        for item in record["fields"]["items"]
    ]
    assert {item["name"]: item["link"] for item in listed} == {
        ware.name: base + ware.target for ware in WARES
    }
    assert records["/"]["fields"] == {}


def test_what_is_no_selector_ends_before_the_crawl_begins(tmp_path: Path, base: str) -> None:
    """A typing mistake would be found after a night of crawling, in each record."""
    text = (
        "[[extract]]\neach = 'li['\nfields.a = 'p'\nfields.b = { css = 'p::before@x' }\n"
        "[[extract]]\nmatch = 'a'\nfields.c = { css = 'p', regex = '(' }\n"
    )
    file = tmp_path / "crawl.toml"
    file.write_text(text)
    crawl = Crawl(tmp_path / "job", f"{base}/", "--config", str(file))
    assert crawl.run() == 2
    problems = crawl.err.removeprefix("crawler: ").strip().split("; ")
    assert problems == [
        f"{file}, line 1: [[extract]]: each: no CSS selector: 'li['",
        f"{file}, line 4: [[extract]] field b: no CSS selector: 'p::before'",
        f"{file}, line 7: [[extract]] field c: no regex: missing ) at position 1",
    ]
    assert not crawl.job.exists()
    command = [sys.executable, "-m", "crawler", "config", "check", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, crawl.err)
