"""Callbacks: whatever they return or do, the page has its record, and one line says what it was."""

import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from crawler.model.extras import ExtraLink
from tests.support.extraction import called

_NUMBERS = count()


@pytest.fixture
def name() -> Callable[[], str]:
    """Each test a module of its own, as each crawl has its own process."""
    return lambda: f"callback_of_test_{next(_NUMBERS)}"


HEAD = """\
import asyncio, datetime, decimal, re, sys, time
from crawler.api import Document, Extraction, Link
"""


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("return {'a': 1}", {"kept": 1, "a": 1}),
        ("return Extraction({'a': 1})", {"kept": 1, "a": 1}),
        ("return {'kept': page.fields['kept'] + 1}", {"kept": 2}),
        ("return None", {"kept": 1}),
        ("return Extraction()", {"kept": 1}),
        ("return {'d': datetime.date(2026, 1, 2), 't': (1, 2)}", {"d": "2026-01-02", "t": [1, 2]}),
    ],
)
@pytest.mark.parametrize("kind", ["def", "async def"])
async def test_what_it_returns_goes_into_the_fields(
    tmp_path: Path, name: Callable[[], str], kind: str, code: str, fields: dict[str, object]
) -> None:
    """Both forms of function, all forms of answer; its own fields win over the table's."""
    extras = await called(tmp_path, f"{HEAD}\n{kind} parse(page):\n    {code}\n", name())
    assert extras.extract_error is None
    assert extras.fields == {"kept": 1} | fields


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("return 3", "returned int, not Extraction or dict"),
        ("return [{'a': 1}]", "returned list, not Extraction or dict"),
        ("yield {'a': 1}", "returned generator, not Extraction or dict: return one, do not yield"),
        ("return Extraction([1])", "returned fields that are list, not dict"),
        ("return {1: 2}", "returned a field whose name is int, not text"),
        (
            "return {'p': decimal.Decimal('1.5')}",
            "returned a field 'p' that cannot be written: JSON has no decimal.Decimal",
        ),
        ("return {'x' * 200: object()}", f"returned a field '{'x' * 80}' that cannot be written: "),
        ("return {'n': 2**64}", "returned a field 'n' that cannot be written: Integer exceeds"),
        ("return {'s': '\\ud800'}", "returned a field 's' that cannot be written: str is not"),
        ("d = {}; d['d'] = d; return d", "returned a field 'd' that cannot be written: Recursion"),
        ("return {'a': 'x' * 1_000_001}", "returned fields of 1000009 bytes, more than 1000000"),
        ("raise ValueError('no\\nprice')", "raised ValueError: no price (NAME.py, line 6)"),
        ("return page.css('h1')[0]", "raised IndexError: list index out of range (NAME.py, line 6"),
        ("return re.compile('(')", "raised error: missing ), unterminated subpattern at position"),
        ("page.css('p[')", "returned NOTHING"),
        ("sys.exit(3)", "raised SystemExit: 3 (NAME.py, line 6)"),
        ("raise KeyboardInterrupt", "raised KeyboardInterrupt (NAME.py, line 6)"),
        ("raise asyncio.CancelledError", "raised CancelledError (NAME.py, line 6)"),
        ("raise ValueError('x' * 1000)", f"raised ValueError: {'x' * 287}… (NAME.py, line 6)"),
        ("def f(): f()\n    f()", "raised RecursionError: maximum recursion depth exceeded"),
    ],
)
@pytest.mark.parametrize("kind", ["def", "async def"])
async def test_what_goes_wrong_is_one_line_and_costs_nothing_else(
    tmp_path: Path, name: Callable[[], str], kind: str, code: str, error: str
) -> None:
    """An exception that left the callback would cost the page its record, or the reader its
    life."""
    module = name()
    extras = await called(tmp_path, f"{HEAD}\n\n{kind} parse(page):\n    {code}\n", module)
    assert extras.fields == {"kept": 1}
    if error == "returned NOTHING":  # no page, so there is nothing to select from
        assert extras.extract_error is None
        return
    if kind == "async def":
        error = error.replace("generator", "async_generator")
    expected = f"callback {module}:parse {error.replace('NAME', module)}"
    assert extras.extract_error is not None
    assert extras.extract_error.startswith(expected)
    assert "\n" not in extras.extract_error


@pytest.mark.parametrize(
    ("links", "urls", "error"),
    [
        ("['/a', 'b', '../c']", ["/a", "/list/b", "/c"], None),
        ("'/a'", ["/a"], None),
        ("(u for u in ['/a'])", ["/a"], None),
        ("['/a?utm_source=x#top']", ["/a"], None),
        ("['/a', 3, None, '/b']", ["/a", "/b"], "a link that is int, not Link or text (and 1 more"),
        ("['mailto:x@y.z', '/a']", ["/a"], "a link 'mailto:x@y.z', which cannot be crawled"),
        ("['http://[', '/a']", ["/a"], "a link 'http://[', which cannot be crawled"),
        ("[Link(None), '/a']", ["/a"], "a link whose url is NoneType, not text"),
        ("[Link('/a', depth=-1)]", [], "a link whose depth is -1, not a number from 0 on"),
        ("[Link('/a', depth=True)]", [], "a link whose depth is True, not a number from 0 on"),
        ("[Link('/a', priority=10)]", [], "a link whose priority is 10, not 0 to 9"),
        ("[Link('/a', priority='high')]", [], "a link whose priority is 'high', not 0 to 9"),
        ("3", [], "links that are int, not a list"),
        ("None", [], "links that are NoneType, not a list"),
    ],
)
async def test_links_are_taken_as_far_as_they_are_links(
    tmp_path: Path, name: Callable[[], str], links: str, urls: list[str], error: str | None
) -> None:
    """One link that is none must not cost the others, nor stay unsaid."""
    code = f"{HEAD}\ndef parse(page):\n    return Extraction({{'a': 1}}, links={links})\n"
    extras = await called(tmp_path, code, name(), strip_params=("utm_*",))
    assert [link.url for link in extras.links] == [f"http://shop.example{path}" for path in urls]
    assert extras.fields["a"] == 1
    if error is None:
        assert extras.extract_error is None
    else:
        assert f"returned {error}" in str(extras.extract_error)


async def test_links_carry_depth_and_priority(tmp_path: Path, name: Callable[[], str]) -> None:
    """They are what a callback has links for."""
    code = (
        f"{HEAD}\ndef parse(page):\n    return Extraction(links=[Link('/a', 0, 9), Link('/b')])\n"
    )
    extras = await called(tmp_path, HEAD + code, name())
    assert extras.links == (
        ExtraLink("http://shop.example/a", 0, 9),
        ExtraLink("http://shop.example/b", None, 5),
    )


async def test_bad_fields_do_not_cost_the_links(tmp_path: Path, name: Callable[[], str]) -> None:
    """A crawl that loses its way at one bad price would lose all behind it."""
    code = f"{HEAD}\ndef parse(page):\n    return Extraction({{'a': object()}}, links=['/a'])\n"
    extras = await called(tmp_path, code, name())
    assert [link.url for link in extras.links] == ["http://shop.example/a"]
    assert "JSON has no object" in str(extras.extract_error)


async def test_links_without_end_are_cut(tmp_path: Path, name: Callable[[], str]) -> None:
    """A generator may go on for ever; it costs its page the rest, and no memory."""
    code = (
        f"{HEAD}import itertools\ndef parse(page):\n"
        "    return Extraction(links=(f'/{n}' for n in itertools.count()))\n"
    )
    extras = await called(tmp_path, code, name())
    assert len(extras.links) == 10_000
    assert "returned more than 10000 links" in str(extras.extract_error)


async def test_a_callback_cannot_change_its_fields_afterwards(
    tmp_path: Path, name: Callable[[], str]
) -> None:
    """One dict for all pages is a usual mistake: each record must keep what it was given."""
    code = f"{HEAD}\nSHARED = {{}}\ndef parse(page):\n    SHARED['a'] = [1]\n    return SHARED\n"
    module = name()
    extras = await called(tmp_path, code, module)
    sys.modules[module].SHARED["a"].append(2)
    assert extras.fields["a"] == [1]


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "time.sleep(1e6)",
        "re.match('(a+)+$', 'a' * 40 + 'b')",
        "try:\n        time.sleep(1e6)\n    except Exception:\n        pass",
        "try:\n        time.sleep(1e6)\n    finally:\n        time.sleep(1e6)",
        "while True:\n        try: time.sleep(0.01)\n        except: pass",
        "return Extraction(links=iter(lambda: time.sleep(1e6), 3))",
    ],
)
@pytest.mark.parametrize("kind", ["def", "async def"])
async def test_one_that_never_returns_is_ended(
    tmp_path: Path, name: Callable[[], str], kind: str, code: str
) -> None:
    """It would stop all pages of its reader, until the parent kills it."""
    module = name()
    source = f"{HEAD}\n\n{kind} parse(page):\n    {code}\n"
    extras = await called(tmp_path, source, module, extract_timeout_ms=200)
    error = f"callback {module}:parse did not return within 0.2 s ({module}.py, line "
    assert str(extras.extract_error).startswith(error)
    assert extras.fields == {"kept": 1}


@pytest.mark.parametrize(
    "code",
    [
        "await asyncio.sleep(1e6)",
        "await asyncio.sleep(0.01)\n    time.sleep(1e6)",
        "while True:\n        try: await asyncio.sleep(0.3)\n        except BaseException: pass",
        "await asyncio.get_running_loop().create_future()",
    ],
)
async def test_one_that_awaits_for_ever_is_ended(
    tmp_path: Path, name: Callable[[], str], code: str
) -> None:
    """It stops no other page, but its own would never have a record."""
    module = name()
    source = f"{HEAD}\n\nasync def parse(page):\n    {code}\n"
    extras = await called(tmp_path, source, module, extract_timeout_ms=200)
    error = f"callback {module}:parse did not return within 0.2 s"
    assert str(extras.extract_error).startswith(error)


async def test_a_timeout_of_its_own_is_its_own(tmp_path: Path, name: Callable[[], str]) -> None:
    """A call to some service that times out is an error of the callback, not the crawl's limit."""
    code = "try:\n        async with asyncio.timeout(0.01): await asyncio.sleep(9)\n    "
    code += "except TimeoutError:\n        return {'late': True}"
    extras = await called(tmp_path, f"{HEAD}\nasync def parse(page):\n    {code}\n", name())
    assert extras.fields["late"] is True
    code = "async with asyncio.timeout(0.01): await asyncio.sleep(9)"
    extras = await called(tmp_path, f"{HEAD}\nasync def parse(page):\n    {code}\n", name())
    assert "raised TimeoutError" in str(extras.extract_error)


async def test_what_it_prints_is_no_data(
    tmp_path: Path, name: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    """stdout is data, of `crawler try --json` say: a print of a callback would break it."""
    code = f"{HEAD}print('imported')\ndef parse(page):\n    print('called')\n    return None\n"
    await called(tmp_path, code, name())
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "imported\ncalled\n"
