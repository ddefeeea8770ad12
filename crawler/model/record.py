"""The record: one JSON line for each final outcome of a visit.

Keys may be added later, never renamed; the order is part of the format. The text below each key is
its row in `docs/reference/record.md`.
"""

from typing import Literal, TypedDict

LISTED_HEADERS = (
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "date",
    "expires",
    "location",
    "retry-after",
    "server",
    "x-robots-tag",
)
"""Response headers that a record keeps, lower-case."""


class Record(TypedDict):
    """One line of the output, keys in this order."""

    url: str
    """What was asked for, in canonical form."""
    final_url: str
    """For a redirect, where it leads; else the same as `url`."""
    status: int | None
    """HTTP status; null where no response came."""
    fetched_at: str
    """Start of the last try: RFC 3339, UTC, milliseconds."""
    depth: int
    """Links from the seed; 0 for a seed. A redirect does not count; a requisite has that of its
    page."""
    parent: str | None
    """The page this URL was found on; null for a seed."""
    redirects: list[str]
    """The URLs that redirected here, first one first."""
    attempts: int
    """HTTP tries of this visit; 0 where no request was made."""
    visit: int
    """Counts the visits of this URL from 1, without a gap; more than 1 with `--recrawl` only."""
    elapsed_ms: int | None
    """Duration of the last try, body included."""
    content_type: str | None
    """The `Content-Type` header."""
    charset: str | None
    """The encoding the page was read in, by its WHATWG name."""
    bytes: int | None
    """Length of the decoded body, after the cap."""
    truncated: bool
    """The body was cut at `--max-body`, the server ended it early, or `--timeout` was up within
    it."""
    etag: str | None
    """The `ETag` header."""
    last_modified: str | None
    """The `Last-Modified` header."""
    headers: dict[str, str]
    """A short list of response headers, names in lower case."""
    title: str | None
    """Text of the page's title."""
    description: str | None
    """Its meta description."""
    lang: str | None
    """The language it declares."""
    canonical: str | None
    """Target of `link rel=canonical`, absolute: of the first element in the head, else of the
    `Link` header."""
    robots: str | None
    """Directives of the robots meta element and of `X-Robots-Tag`, joined by `, `."""
    text: str | None
    """The visible text of an HTML page; null for all other types, `text/plain` too: no script,
    style, noscript or template; runs of blanks become one space; at most 1 MB."""
    links: list[str]
    """Every target of `a` and `area`: absolute, canonical, each once, in document order. Also
    those that are not followed, because of scope or nofollow."""
    content_hash: str | None
    """SHA-256 of the decoded body, in hexadecimal."""
    fields: dict[str, object]
    """What the first `[[extract]]` table that matches takes from the page: every field of the
    table is a key, null (or `[]` with `many`) where the page has no value. A table with `each`
    has `items`, a list of such objects. `{}`: no table matches, the page is no HTML, or its
    status is none of 2xx."""
    error: str | None
    """null when a response came, whatever its status, but for a redirect that leads nowhere
    (`redirect_loop`, `too_many_redirects`, `bad_redirect`); else one word."""
    error_detail: str | None
    """One line about it."""
    nofollow: list[str]
    """Those of `links` that `rel=nofollow` forbids to follow."""
    noindex: bool
    """The page asks search engines not to list it: `noindex` or `none`, in a robots meta element
    or in `X-Robots-Tag`, for every robot or for ours. The page is recorded like any other; what
    you show to others should leave it out."""
    unchanged: bool
    """The same content as at the visit before: by a 304, or by its hash. A 304 has no body:
    `bytes` and `text` are null, `links` and `fields` empty, `content_hash` is that of what is
    still there."""
    change: str | None
    """Against the visit before: `unchanged`, `changed`, `gone`, `returned`; null at the first
    visit and where a visit says nothing."""
    extract_error: str | None
    """What went wrong in taking fields, parted by `; `; the page is recorded all the same.
    `price: missing` is a required field without a value (`price: missing in 3 of 20` with
    `each`), `price: 'on request' is no price` a value that is not of its type."""
    h1: str | None
    """Text of the first `h1`; an empty one is null."""
    hreflang: dict[str, str]
    """Addresses of the same page in other languages, absolute, by `hreflang` as the page writes
    it: `link rel=alternate` of the head; of two for one language the first; at most 500."""
    js_required: bool
    """The page probably shows itself only to a browser. It has scripts, at most 400 characters of
    text and at most 3 links, and one of these: its `noscript` speaks of JavaScript; the element
    that its scripts fill (`id=root`, `app`, `__next` …) is empty; there is nothing else on it. A
    guess."""
    link_details: list[dict[str, str]]
    """With `--link-details`: `url`, `text` and `rel` for each of `links`, in that order; of
    several elements with one target the first that has a text. Where a link is a picture, its
    `alt` is the text. At most 1 kB of text and 256 bytes of rel."""
    main_text: str | None
    """With `--main-text`: the main text without menus, footers and comments; line ends between
    paragraphs; at most 1 MB."""
    markdown: str | None
    """With `--markdown`: the main text as Markdown, links absolute."""
    published_at: str | None
    """With either of them: when the page says it was published, in ISO 8601: a day, or a moment,
    with an offset only where the page gives one."""
    author: str | None
    """With either of them: who wrote it, as the page says; of several all, joined by `, `."""
    simhash: str | None
    """With `--simhash`: 64 bits of `text`, 16 hexadecimal digits; near copies differ in few of
    them; null for a text of fewer than 32 words."""
    kind: Literal["page", "requisite"]
    """`page`, or `requisite` for what a page needs to look as it does (`--requisites`): it is
    kept as it is, so nothing is read of it."""
    canonicals: list[str]
    """Where a page and its `Link` header name more than one canonical address, all of them, those
    of the page first, each once; else empty. At most 20 of each."""
    warc: dict[str, object] | None
    """With `--store warc`: `file`, `offset` and `length` (of the gzip member) of the WARC record
    that holds the body. Where the body was stored before, that is the earlier one, and `revisit`
    has the three of this visit's own record. null: no response came, or a 304 for a body that was
    never kept."""
    # The last key: it is known last.


RECORD_KEYS = tuple(Record.__annotations__)
READ_KEYS = frozenset(
    {"charset", "title", "description", "lang", "canonical", "robots", "text", "links", "fields"}
    | {"nofollow", "noindex", "extract_error", "h1", "hreflang", "js_required", "link_details"}
    | {"main_text", "markdown", "published_at", "author", "simhash", "canonicals"}
)
"""What comes from reading the body, so that it can be read again; the rest from the fetch."""
