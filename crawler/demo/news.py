"""The Tidewater Gazette: dated pages, sent compressed, with a Crawl-delay."""

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from html import escape

from crawler.demo.answer import Answer, Page, Site, page, robots, shunned, zipped
from crawler.demo.markup import Crumbs, House, bullets, link, paragraphs, slug
from crawler.demo.prose import Writer
from crawler.demo.words import HEADLINES, PEOPLE, REPORTS

_HOME = ("/", "Gazette")
_FIRST_DAY = date(2023, 11, 2)
_TAGS = ("weather", "boats", "markets", "birds")


def _dated() -> list[tuple[date, str, str]]:
    """Return (day, headline, target), oldest first."""
    days = [_FIRST_DAY + timedelta(days=6 * n) for n in range(len(HEADLINES))]
    return [
        (day, headline, f"/{day:%Y/%m/%d}/{slug(headline)}")
        for day, headline in zip(days, HEADLINES, strict=True)
    ]


def site(house: House) -> Site:
    """Return all pages of the paper."""
    stories = _dated()
    months = sorted({f"{day:%Y/%m}" for day, _, _ in stories}, reverse=True)
    latest: Crumbs = [(target, headline) for _, headline, target in stories[:-7:-1]]
    front = (
        f"{bullets(latest)}\n<h2>Archive</h2>\n{bullets([(f'/{m}/', m) for m in months])}\n"
        f"<p>{link('/feed.xml', 'Feed')} · {' · '.join(link(f'/tag/{t}', t) for t in _TAGS)}</p>"
    )
    pages: dict[str, Page] = {
        "/robots.txt": robots("User-agent: *", "Crawl-delay: 0.2", "Disallow: /drafts/"),
        "/": zipped(
            house.render("The Tidewater Gazette", front, about="Twice a week, weather permitting")
        ),
        "/feed.xml": Page(answers=(_feed(stories),)),
    }
    pages["/drafts/next-week"] = shunned("<p>Nothing yet.</p>")
    for month in months:
        entries: Crumbs = [
            (target, f"{day:%d %B}: {headline}")
            for day, headline, target in stories
            if target.startswith(f"/{month}/")
        ]
        pages[f"/{month}/"] = zipped(house.render(month, bullets(entries), crumbs=[_HOME]))
    for n, (day, headline, target) in enumerate(stories):
        older = stories[n - 1] if n else None
        html = _story(house, day, headline, older)
        pages[target] = zipped(html, *_validators(html, day))
    for n, tag in enumerate(_TAGS):
        # Thin pages that ask to be left out of every index, and their links to be ignored.
        thin = bullets([(stories[n][2], stories[n][1]), (f"/tag/{tag}/all", "More like this")])
        head = '<meta name="robots" content="noindex, nofollow">\n'
        pages[f"/tag/{tag}"] = page(house.render(f"Tag: {tag}", thin, crumbs=[_HOME], head=head))
        pages[f"/tag/{tag}/all"] = Page(answers=(Answer(body=thin.encode()),), crawled=False)
    return pages


def _validators(html: str, day: date) -> tuple[tuple[str, str], ...]:
    moment = format_datetime(datetime.combine(day, time(), UTC), usegmt=True)
    tag = hashlib.sha256(html.encode()).hexdigest()[:16]
    return ("ETag", f'"{tag}"'), ("Last-Modified", moment), ("Cache-Control", "max-age=3600")


def _story(house: House, day: date, headline: str, older: tuple[date, str, str] | None) -> str:
    writer = Writer(headline)
    author = writer.pick(PEOPLE)
    texts = writer.paragraphs(REPORTS, (3, 3, 2), name=headline, others=())
    before = f"<p>Earlier: {link(older[2], older[1])}</p>" if older else ""
    body = (
        f'<p>By {escape(author)}, <time datetime="{day}">{day:%d %B %Y}</time></p>\n'
        f"{paragraphs(texts)}\n{before}\n"
        f"<p>{link('/drafts/next-week', 'What we will print next week')}</p>"
    )
    head = f'<meta property="article:published_time" content="{day}">\n'
    crumbs = [_HOME, (f"/{day:%Y/%m}/", f"{day:%B %Y}")]
    return house.render(headline, body, about=texts[0].split(". ")[0], crumbs=crumbs, head=head)


def _feed(stories: list[tuple[date, str, str]]) -> Answer:
    entries = "".join(
        f"<entry><title>{escape(headline)}</title><link href='{target}'/>"
        f"<updated>{day}T00:00:00Z</updated></entry>\n"
        for day, headline, target in stories[:-11:-1]
    )
    body = (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<title>The Tidewater Gazette</title>\n{entries}</feed>\n"
    )
    return Answer(body=body.encode(), content_type="application/atom+xml")
