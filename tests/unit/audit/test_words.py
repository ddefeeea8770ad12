"""What an audit says of titles, descriptions and languages."""

import pytest

from tests.unit.audit.test_visits import A, B, audited, lines, page


def test_titles_and_descriptions_that_are_cut_are_named_the_longest_first():
    """Nobody sees the end of a title but who wrote it."""
    pages = [
        page(A, title="t" * 61, description="d" * 155),
        page(B, title="t" * 60, description="d" * 156),
        page(f"{B}x", title="t" * 99, noindex=True),
    ]
    with audited(lines(*pages)) as (_, found):
        assert [one.values for one in found["long_titles"].first] == [(A, 61, "t" * 61)]
        assert [one.values for one in found["long_descriptions"].first] == [(B, 156, "d" * 156)]


@pytest.mark.parametrize(
    ("code", "is_one"),
    [
        *(
            (code, True)
            for code in ("de", "de-AT", "zh-Hant-TW", "es-419", "x-default", "uk", "fil")
        ),
        *((code, False) for code in ("en_US", "english", "en-UK", "at-de-x", "", "x-standard")),
    ],
)
def test_what_is_no_language_is_named(code, is_one):
    """en-UK looks right, and search engines throw the pair away."""
    pages = [page(A, hreflang={code: B}), page(B, hreflang={"fr": A})]
    with audited(lines(*pages)) as (_, found):
        assert ("hreflang" not in found) is is_one
