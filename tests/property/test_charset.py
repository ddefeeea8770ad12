"""Any bytes under any label become UTF-8."""

from hypothesis import given, settings
from hypothesis import strategies as st
from webencodings.labels import LABELS

from crawler.parse.charset import to_utf8

bodies = st.one_of(
    st.binary(max_size=100),
    st.tuples(st.sampled_from(sorted(LABELS)), st.binary(max_size=60)).map(
        lambda parts: f"<meta charset={parts[0]}>".encode() + parts[1]
    ),
    st.binary(max_size=60).map(lambda data: b"<meta charset=" + data + b">"),
    st.binary(max_size=60).map(lambda data: b"<meta http-equiv=content-type content=" + data),
)
labels = st.one_of(st.none(), st.sampled_from(sorted(LABELS)), st.text(st.characters(), max_size=9))


@settings(max_examples=1500, deadline=None)
@given(bodies, labels)
def test_every_page_can_be_read(body: bytes, label: str | None) -> None:
    """A codec's own error would end the page's reader."""
    found = to_utf8(body, label)
    assert found.charset in LABELS.values()
    if found.charset != "utf-8":
        found.data.decode()


@given(st.text(max_size=100))
def test_utf8_is_known_as_such(text: str) -> None:
    """An unlabelled page in UTF-8 would be guessed to be something else."""
    body = text.encode()
    if body.startswith((b"\xff\xfe", b"\xfe\xff")) or b"<" in body:
        return
    found = to_utf8(body, None)
    assert (found.charset, found.data) == ("utf-8", text.removeprefix("\ufeff").encode())


MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16le", b"\xfe\xff": "utf-16be"}


@given(st.sampled_from(sorted(LABELS)), st.sampled_from(sorted(LABELS)), st.binary(max_size=30))
def test_mark_then_header_then_meta(header: str, meta: str, rest: bytes) -> None:
    """A page would be read in another encoding than browsers read it in."""
    body = f"<meta charset={meta}>".encode() + rest
    assert to_utf8(body, header).charset == LABELS[header]
    by_meta = to_utf8(body, None).charset
    assert by_meta == {
        "utf-16le": "utf-8",
        "utf-16be": "utf-8",
        "x-user-defined": "windows-1252",
    }.get(LABELS[meta], LABELS[meta])
    for mark, name in MARKS.items():
        assert to_utf8(mark + body, header).charset == name
