"""What of a page counts as needed to show it, and what does not."""

import pytest

from crawler.parse.html import parse_html
from crawler.parse.requisites import RequisiteProbe
from crawler.policy.canonicalization import LinkResolver

URL = "https://h.example/dir/page"


def look(html: str) -> RequisiteProbe:
    probe, resolver = RequisiteProbe(), LinkResolver()
    parse_html(html.encode(), url=URL, header_charset="utf-8", resolver=resolver, probe=probe)
    return probe


def found(html: str) -> list[str]:
    urls = look(html).requisites(URL, LinkResolver())
    return [url.removeprefix("https://h.example/dir/") for url in urls]


@pytest.mark.parametrize(
    ("html", "urls"),
    [
        ("<img src=a.png>", ["a.png"]),
        ("<img src=a.png srcset='a.png 1x, b.png 2x'>", ["a.png", "b.png"]),
        ("<img data-src=a.png data-srcset='b.png 2x'>", ["a.png", "b.png"]),
        ("<picture><source srcset='a.webp'><img src=a.png></picture>", ["a.png", "a.webp"]),
        ("<link rel=stylesheet href=a.css>", ["a.css"]),
        ("<link rel='alternate STYLESHEET' href=a.css>", ["a.css"]),
        ("<link rel='shortcut icon' href=a.ico>", ["a.ico"]),
        ("<link rel=apple-touch-icon-precomposed href=a.png>", ["a.png"]),
        ("<link rel=modulepreload href=a.mjs>", ["a.mjs"]),
        ("<link rel=preload as=font href=a.woff2>", ["a.woff2"]),
        ("<link rel=preload as=image imagesrcset='a.png 1x, b.png 2x'>", ["a.png", "b.png"]),
        ("<script src=a.js></script>", ["a.js"]),
        ("<video src=a.mp4 poster=a.jpg><track src=a.vtt></video>", ["a.mp4", "a.jpg", "a.vtt"]),
        ("<video poster=a.jpg><source src=a.webm></video>", ["a.jpg", "a.webm"]),
        ("<audio src=a.ogg></audio>", ["a.ogg"]),
        ("<input type=IMAGE src=a.png>", ["a.png"]),
        ("<object data=a.svg></object><embed src=a.pdf>", ["a.svg", "a.pdf"]),
        ("<body background=a.gif><table background=b.gif>", ["a.gif", "b.gif"]),
        ("<p style='background: URL(a.png)'>", ["a.png"]),
        ("<style>@import 'a.css'; p{background:url(b.png)}</style>", ["a.css", "b.png"]),
        ("<svg><image href=a.png /><use xlink:href='b.svg#x'/></svg>", ["a.png", "b.svg"]),
        ("<base href=/dir/sub/><img src=a.png>", ["sub/a.png"]),
        # None of these is needed to show the page.
        ("<a href=a.html>x</a><area href=b.html>", []),
        (
            "<link rel=next href=a><link rel=preload as=document href=c>",
            [],
        ),
        ("<link rel=alternate hreflang=de href=a>", []),
        ("<input type=text src=a.png>", []),
        ("<img src='data:image/png;base64,AA=='><img src=''><img src='blob:x'>", []),
        ("<img src=mailto:x@example.org><img src='javascript:x'>", []),
        ("<svg><use href='#x'/></svg>", []),
        ("<template><img src=a.png></template>", []),
        ("<iframe src=a.html></iframe>", []),
    ],
)
def test_requisites(html: str, urls: list[str]) -> None:
    assert found(html) == urls


def test_candidates_of_sizes_come_last() -> None:
    """A page with more than is fetched keeps what every browser asks for."""
    images = "".join(f"<img src={n}.png srcset='{n}-2.png 2x'>" for n in range(3))
    assert found(images + "<script src=a.js></script>") == [
        *("0.png", "1.png", "2.png", "a.js"),
        *("0-2.png", "1-2.png", "2-2.png"),
    ]


def test_frames_are_pages_of_their_own() -> None:
    probe = look("<iframe src=a.html></iframe><iframe src=about:blank></iframe><img src=b.png>")
    assert probe.frames(URL, LinkResolver()) == ["https://h.example/dir/a.html"]


def test_bounds() -> None:
    """A page of a million images costs no more than one of some thousands."""
    assert len(found("<img src=x>" * 50_000 + "<img src=y>")) == 1
    many = "".join(f"<img src={n}>" for n in range(30_000))
    assert len(found(many)) == 20_000
    frames = "".join(f"<iframe src={n}></iframe>" for n in range(200))
    assert len(look(frames).frames(URL, LinkResolver())) == 100
