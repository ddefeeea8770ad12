"""The Harbour Office: every way in which a web server lets a crawler down."""

from crawler.demo.answer import Answer, Page, Site, page, redirect, robots
from crawler.demo.markup import Crumbs, House, bullets

_CHAIN = 5


def site(house: House, elsewhere: str) -> Site:
    """Return all pages of the office; `elsewhere` is a page of another site."""
    doors: Crumbs = [
        ("/lost-cargo", "Lost cargo (404)"),
        ("/lost-cargo/1911", "Lost cargo of 1911 (404)"),
        ("/old-pier", "The old pier (410)"),
        ("/strongroom", "The strongroom (403)"),
        ("/pilot-only", "Pilots only (401)"),
        ("/boiler-room", "The boiler room (500, for good)"),
        ("/tea-break", "Tea break (503, twice, then served)"),
        ("/counter-3", "Counter 3 (503 with Retry-After: 1)"),
        ("/queue", "The queue (429 with Retry-After: 2)"),
        ("/hung-up", "The telephone (rings, then hangs up once)"),
        ("/torn-letter", "A torn letter (ends in the middle)"),
        ("/ferry/1", f"The long way round ({_CHAIN} redirects)"),
        ("/roundabout", "The roundabout (a redirect loop)"),
        ("/mirror", "The mirror (a redirect to itself)"),
        ("/moved", "Moved for good (301)"),
        ("/see-other", "See other (303)"),
        ("/abroad", "A redirect to another host (307)"),
        ("/overseas", "A redirect out of these waters (302)"),
        ("/nowhere", "A redirect without a Location"),
        ("/empty", "An empty room"),
        ("/silent", "A page without a type"),
        ("/slow-clerk", "The slow clerk (700 ms)"),
    ]
    pages: dict[str, Page] = {
        "/robots.txt": robots("User-agent: *", "Disallow:"),
        "/": page(house.render("Harbour Office", bullets(doors), about="Please take a number")),
        "/empty": Page(answers=(Answer(),)),
        "/silent": Page(answers=(Answer(body=b"<title>Hush</title>", content_type=None),)),
        "/slow-clerk": page(_note(house, "The slow clerk"), delay_ms=700),
        "/nowhere": Page(answers=(Answer(status=302, content_type=None),)),
        "/moved": redirect("/new-pier", 301),
        "/new-pier": page(_note(house, "The new pier")),
        "/see-other": redirect("counter-1", 303),
        "/counter-1": page(_note(house, "Counter 1")),
        "/abroad": redirect(elsewhere, 307),
        "/overseas": redirect("https://example.org/harbour", 302),
        "/mirror": redirect("/mirror"),
        "/roundabout": redirect("/roundabout/east"),
        "/roundabout/east": redirect("/roundabout/west"),
        "/roundabout/west": redirect("/roundabout"),
        f"/ferry/{_CHAIN + 1}": page(_note(house, "The far shore")),
    }
    for stop in range(1, _CHAIN + 1):
        pages[f"/ferry/{stop}"] = redirect(str(stop + 1), 302 if stop % 2 else 308)
    for path, title, status in (
        ("/lost-cargo", "Nobody has seen it", 404),
        ("/lost-cargo/1911", "Nobody remembers it", 404),
        ("/old-pier", "Gone, and not coming back", 410),
        ("/strongroom", "Not for you", 403),
        ("/pilot-only", "Who are you?", 401),
        ("/boiler-room", "Something burst", 500),
    ):
        body = _note(house, title).encode()
        pages[path] = Page(answers=(Answer(status=status, body=body),))
    return pages | _second_thoughts(house)


def _second_thoughts(house: House) -> dict[str, Page]:
    """Pages that are served only to those who come again."""
    tea = Answer(status=503, body=b"Back soon.\n", content_type="text/plain")
    counter = Answer(status=503, headers=(("Retry-After", "1"),))
    queue = Answer(status=429, headers=(("Retry-After", "2"),))
    served = {
        "/tea-break": (tea, tea),
        "/counter-3": (counter,),
        "/queue": (queue,),
        "/hung-up": (Answer(manner="reset"),),
    }
    pages = {
        path: Page(answers=(*refusals, Answer(body=_note(house, "At your service").encode())))
        for path, refusals in served.items()
    }
    letter = _note(house, "A torn letter").encode()
    pages["/torn-letter"] = Page(answers=(Answer(body=letter, manner="cut"),))
    return pages


def _note(house: House, title: str) -> str:
    return house.render(title, "<p>The harbour master.</p>", crumbs=[("/", "Harbour Office")])
