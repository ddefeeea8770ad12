"""Any bytes may be a page or a sheet: what is found is bounded and made of whole references."""

from hypothesis import given
from hypothesis import strategies as st

from crawler.parse.charset import sheet_text
from crawler.parse.css import MAX_URLS, sheet_urls
from crawler.parse.html import parse_html
from crawler.parse.requisites import RequisiteProbe
from crawler.parse.srcset import MAX_CANDIDATES, srcset_urls
from crawler.policy.canonicalization import LinkResolver

URL = "https://h.example/"
PIECES = st.sampled_from(
    ["url(", ")", '"', "'", "\\", "/*", "*/", "@import ", "a.css", " ", ",", "\n", "é", "\\0", "1x"]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join))


@given(TEXTS)
def test_sheets(text: str) -> None:
    urls = sheet_urls(text)
    assert len(urls) == len(set(urls)) <= MAX_URLS
    assert all(url == url.strip() and url and not url.startswith("#") for url in urls)
    # What stands in a comment never counts, whatever stands before and in it.
    if "*/" not in text:
        assert sheet_urls(f"/*{text}*/") == []


@given(st.text(alphabet=st.characters(exclude_characters="\"'\\()\n/ @*"), max_size=30))
def test_a_sheet_with_one_reference(name: str) -> None:
    """Whatever the name of a file is, it is found."""
    reference = name.strip()
    expected = [reference] if reference and reference[0] != "#" else []
    if reference[:5].lower() == "data:":
        expected = []
    assert sheet_urls(f"a {{ b: url('{name}') }}") == expected


@given(st.binary(max_size=400), st.sampled_from([None, "utf-8", "utf-16", "x", "gbk"]))
def test_any_bytes_are_a_sheet(body: bytes, label: str | None) -> None:
    sheet_urls(sheet_text(body, label))


@given(TEXTS)
def test_candidates(text: str) -> None:
    urls = srcset_urls(text)
    assert len(urls) <= MAX_CANDIDATES
    assert all(url and url[-1] != "," and " " not in url for url in urls)


HTML = st.lists(
    st.one_of(
        PIECES,
        st.sampled_from(
            ["<img src=", ">", " srcset='", "<style>", "</style>", "<link rel=stylesheet href="]
        ),
        st.sampled_from(["<p style='", "<base href=", "<svg><use href=", "<iframe src=", "</svg>"]),
    ),
    max_size=40,
).map("".join)


@given(HTML)
def test_pages(html: str) -> None:
    """Everything that is found is canonical, and looking changes nothing of the page."""
    probe, resolver = RequisiteProbe(), LinkResolver()
    body = html.encode()
    plain = parse_html(body, url=URL, header_charset="utf-8", resolver=resolver)
    probed = parse_html(body, url=URL, header_charset="utf-8", resolver=resolver, probe=probe)
    assert probed == plain
    found = [*probe.requisites(URL, resolver), *probe.frames(URL, resolver)]
    assert all(url.startswith(("http://", "https://")) for url in found)
    assert resolver.resolve(URL, found) == list(dict.fromkeys(found))
