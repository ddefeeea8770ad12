"""The lines of `crawler try`: on a terminal, in a pipe, and what a page cannot do to either."""

import io
from dataclasses import replace

from rich.console import Console

from crawler.cli.try_view import Section, draw, plain, sections
from crawler.model.record import RECORD_KEYS
from crawler.pipeline.explaining.account import RobotsVerdict, ScopeVerdict
from crawler.pipeline.trying.trial import (
    Hop,
    KeptLink,
    Links,
    Outcome,
    RefusedLink,
    Response,
    Trial,
)

NOW = 1_000_000_000_000
URL = "https://a.example/x"
SCOPE = ScopeVerdict(allowed=True, rule=None, text="allowed: in --scope host")
ROBOTS = RobotsVerdict(
    verdict="allowed", origin="https://a.example", learned="rules", fetched_at=NOW, expires_at=NOW
)
RECORD: dict[str, object] = {
    **dict.fromkeys(RECORD_KEYS),
    "url": URL,
    "final_url": URL,
    "title": "A title",
    "text": "word " * 1000,
    "links": [],
    "fields": {},
}


def hop(**changes: object) -> Hop:
    response = Response(
        status=200,
        headers={"server": "s"},
        bytes=12_345,
        truncated=False,
        elapsed_ms=12,
        attempts=1,
        kept_at=None,
    )
    values: dict[str, object] = {"url": URL, "site": None, "scope": SCOPE, "trap": None}
    values |= {"robots": ROBOTS, "response": response, "record": RECORD} | changes
    return Hop(**values)  # type: ignore[arg-type]


def trial(*hops: Hop, **changes: object) -> Trial:
    chain = hops or (hop(),)
    made = Trial(
        asked=URL,
        url=URL,
        changes=(),
        at=NOW,
        scope=SCOPE,
        trap=None,
        robots=ROBOTS,
        hops=chain,
        outcome=Outcome(what="response", reason=None, text="status 200"),
        record=chain[-1].record,
        fields=None,
        links=Links(),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def text_of(one: Trial) -> str:
    return "\n".join(plain([section for section in sections(one) if section.rows]))


def drawn(found: list[Section], *, width: int = 80, color: bool = True) -> str:
    out = io.StringIO()
    system = "standard" if color else None
    console = Console(
        file=out, width=width, force_terminal=color, color_system=system, highlight=False
    )
    draw([section for section in found if section.rows], console)
    return out.getvalue()


def test_what_says_nothing_is_left_out() -> None:
    """Forty empty keys would hide the five that a person looks for."""
    text = text_of(trial())
    assert "title" in text
    assert "A title" in text
    for word in ("None", "final_url", "author", "trap", "changed", "asked"):
        assert word not in text


def test_long_texts_are_cut_and_counted() -> None:
    assert "… (5,000 characters)" in text_of(trial())


def test_a_kept_answer_says_from_when_it_is() -> None:
    """An old answer would pass for the site of today."""
    response = replace(hop().response, kept_at=NOW - 240_000)  # type: ignore[type-var]
    text = text_of(trial(hop(response=response, robots_kept_at=NOW - 240_000)))
    assert text.count("(from the cache of 2001-09-09T01:42:40Z, 4 min ago)") == 2


def test_many_links_are_counted_and_some_shown() -> None:
    kept = [KeptLink(url=f"{URL}/{n}", kind="page", depth=1, priority=5) for n in range(30)]
    refused = [RefusedLink(url=f"{URL}/no/{n}", kind="page", reason="scope") for n in range(25)]
    text = text_of(trial(links=Links.of(kept, refused)))
    assert "30 kept, 25 refused (25 scope)" in text
    assert text.count("kept     ") == 21
    assert "and 10 more: --json has all" in text
    assert "and 5 more: --json has all" in text


def test_a_trap_and_a_refusal_are_said() -> None:
    out = ScopeVerdict(allowed=False, rule="exclude", text="refused: matches --exclude *x*")
    refused = hop(scope=out, trap="calendar", robots=None, response=None, record=None)
    outcome = Outcome(what="refused", reason="exclude", text=f"{URL} is not asked for: exclude")
    text = text_of(trial(refused, outcome=outcome, record=None))
    assert "refused: matches --exclude *x*" in text
    assert "calendar: a date more than" in text
    assert "links" not in text


def test_it_fits_eighty_columns_with_nothing_lost() -> None:
    """Long URLs would run over the edge, or lose their end."""
    url = "https://a.example/" + "b" * 200 + "end"
    links = Links.of([KeptLink(url=url, kind="page", depth=1, priority=5)], [])
    text = drawn(sections(trial(links=links)), color=False)
    assert max(map(len, text.splitlines())) <= 80
    squeezed = "".join(text.split())
    assert url in squeezed


def test_colours_are_for_terminals() -> None:
    found = sections(trial())
    assert "\x1b[" in drawn(found)
    assert "\x1b[" not in drawn(found, color=False)
    assert "\x1b[" not in "\n".join(plain(found))


def test_nothing_from_the_web_reaches_the_terminal_raw() -> None:
    """A page could clear the screen, or write a line of its own."""
    evil = "\x1b[31m\u202e[bold]"
    record = RECORD | {"title": evil, "extract_error": evil, "main_text": evil}
    response = replace(hop().response, headers={"server": evil})  # type: ignore[type-var]
    bad = hop(url=URL + evil, response=response, record=record)
    links = Links.of(
        [KeptLink(url=evil, kind="page", depth=1, priority=5)],
        [RefusedLink(url=evil, kind="page", reason="x")],
    )
    one = trial(bad, record=record, links=links, asked=evil, changes=(evil,))
    assert "\u202e" not in text_of(one)
    assert "\x1b" not in text_of(one)
    text = drawn(sections(one), color=False)
    assert "\x1b" not in text
    assert "[bold]" in text
