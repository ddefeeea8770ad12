"""The Lantern Encyclopaedia: a tree of pages with breadcrumbs and many cross references."""

from crawler.demo.answer import Page, Site, page, redirect, robots
from crawler.demo.markup import Crumbs, House, bullets, link, paragraphs, slug
from crawler.demo.prose import Writer
from crawler.demo.words import ARTICLES, BLURBS, SENTENCES

_HOME = ("/", "Encyclopaedia")
_WHERE = {
    name: f"/{section}/{group}/{slug(name)}"
    for section, groups in ARTICLES.items()
    for group, names in groups.items()
    for name in names
}
"""Address of each article."""


def site(house: House) -> Site:
    """Return all pages of the encyclopaedia."""
    pages: dict[str, Page] = {
        "/robots.txt": robots("# Come in, the lamps are lit.", "User-agent: *", "Allow: /"),
        "/": page(_front(house)),
        "/index.html": redirect("/", 301),
        "/about": page(_about(house)),
    }
    for section, groups in ARTICLES.items():
        pages[f"/{section}/"] = page(_section(house, section))
        pages[f"/{section}"] = redirect(f"/{section}/", 301)
        for group, names in groups.items():
            pages[f"/{section}/{group}/"] = page(_group(house, section, group))
            for name in names:
                pages[_WHERE[name]] = page(_article(house, section, group, name))
    return pages


def _front(house: House) -> str:
    sections: Crumbs = [(f"/{name}", f"{name.title()}: {BLURBS[name]}") for name in ARTICLES]
    body = (
        '<p class="card">Everything that is known about the Lantern Isles, and some things that '
        f"are only told.</p>\n{bullets(sections)}\n<p>See also "
        f"{link('/about', 'about this work')}, {link('/index.html', 'the old front page')} and, "
        f"far away, {link('https://example.org/atlas', 'the mainland')}. Write to "
        f"{link('mailto:editor@example.org', 'the editor')} or {link('#top', 'go up')}.</p>"
    )
    return house.render("The Lantern Encyclopaedia", body, about="The isles, in 55 articles")


def _about(house: House) -> str:
    # The base address makes `birds/` and `../skies/` mean something else than the page's own.
    body = paragraphs(
        ["Compiled in the ferry house between 1688 and the last boat home. Errors are deliberate."]
    ) + bullets([("birds/", "Birds"), ("../skies/", "Skies"), ("./", "Creatures")])
    return house.render(
        "About this work", body, crumbs=[_HOME], head='<base href="/creatures/index">\n'
    )


def _section(house: House, section: str) -> str:
    groups: Crumbs = [(f"{name}/", f"{name.title()}: {BLURBS[name]}") for name in ARTICLES[section]]
    return house.render(section.title(), bullets(groups), about=BLURBS[section], crumbs=[_HOME])


def _group(house: House, section: str, group: str) -> str:
    articles: Crumbs = [(slug(name), name) for name in ARTICLES[section][group]]
    crumbs = [_HOME, ("../", section.title())]
    return house.render(group.title(), bullets(articles), about=BLURBS[group], crumbs=crumbs)


def _article(house: House, section: str, group: str, name: str) -> str:
    writer = Writer(name)
    siblings = [other for other in ARTICLES[section][group] if other != name]
    sentences = SENTENCES[section]
    texts = writer.paragraphs(sentences, (3, 2, 2), name=name, others=siblings)
    related = writer.some([other for other in _WHERE if other != name], 4)
    # The fragment and the detour through the parent name pages that are known already.
    see_also: Crumbs = [
        *[(_WHERE[other], other) for other in related],
        (f"{slug(siblings[0])}#history", siblings[0]),
        (f"../{group}/{slug(siblings[-1])}", siblings[-1]),
    ]
    return house.render(
        name,
        f"{paragraphs(texts)}\n<h2>See also</h2>\n{bullets(see_also)}",
        about=texts[0].split(". ")[0] + ".",
        crumbs=[_HOME, (f"/{section}/", section.title()), (f"/{section}/{group}/", group.title())],
        head=f'<link rel="canonical" href="{_WHERE[name]}">\n',
    )
