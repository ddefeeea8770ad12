"""Title, description, language: tidy, short, or nothing."""

from crawler.extract.metadata import MAX_TITLE_BYTES, Metadata, metadata
from crawler.model.document import Document

EMPTY = Document(
    charset="utf-8",
    title=None,
    metas={},
    lang=None,
    canonicals=(),
    text="",
    links=[],
    followable=[],
    h1=None,
    hreflang={},
    js_required=False,
)


def test_nothing_said_is_none() -> None:
    """A blank title would look like a title."""
    assert metadata(EMPTY) == Metadata(None, None, None, None, None)
    blank = EMPTY._replace(title=" \n ", lang="", metas={"description": "\u00a0"})
    assert metadata(blank) == Metadata(None, None, None, None, None)


def test_white_space_is_collapsed() -> None:
    """A title over two lines would be one in the record."""
    found = metadata(
        EMPTY._replace(
            title="\n a \u2003b\n",
            lang=" en ",
            metas={"description": "c\n d", "og:description": "other"},
            canonicals=["http://h/"],
        )
    )
    assert found == Metadata("a b", "c d", "en", "http://h/", None)


def test_several_canonical_addresses_are_all_named_and_one_is_not() -> None:
    """Nobody would see that a page contradicts itself, or each page would be taken for one."""
    page = EMPTY._replace(canonicals=["http://h/a"])
    both = metadata(page, ["http://h/b", "http://h/a"])
    assert (both.canonical, both.canonicals) == ("http://h/a", ["http://h/a", "http://h/b"])
    assert metadata(page, ["http://h/a"]) == metadata(page)
    assert metadata(page).canonicals == ()
    assert metadata(EMPTY, ["http://h/b"]).canonical == "http://h/b"
    assert metadata(None, ["http://h/b"]).canonical == "http://h/b"
    assert metadata(None) == Metadata(None, None, None, None, None)


def test_the_open_graph_description_stands_in() -> None:
    """Many pages describe themselves there only."""
    assert metadata(EMPTY._replace(metas={"og:description": "x"})).description == "x"


def test_lengths_are_capped_at_a_character() -> None:
    """A page could put a megabyte into its title."""
    found = metadata(EMPTY._replace(title="ä" * 10_000, lang="x" * 100)).title
    assert found == "ä" * (MAX_TITLE_BYTES // 2)


def test_a_heading_is_that_of_the_author() -> None:
    """Every heading of a manual would end with the sign that links to it."""
    assert metadata(EMPTY._replace(h1="\n json \u2014\n JSON¶")).h1 == "json \u2014 JSON"
    assert metadata(EMPTY._replace(h1=" ¶")).h1 is None
