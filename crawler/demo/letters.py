"""Letters from Abroad: the same postcard in many scripts, encodings and shapes of address."""

from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from crawler.demo.answer import Answer, Page, Site, page, robots
from crawler.demo.markup import Crumbs, House, bullets, link, paragraphs

_HOME = ("/", "Letters from Abroad")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letter:
    path: str
    lang: str
    title: str
    text: str
    encoding: str = "utf-8"
    declared: str = "header"
    """Where the encoding is named: header, meta, bom or nowhere."""
    direction: str = "ltr"


# ruff: noqa: RUF001 - these are the letters that the page is about
_LETTERS = (
    _Letter(
        path="/straße",
        lang="de",
        title="Grüße aus der Straße am Kai",
        text="Die Möwen sind größer als gedacht, die Brötchen kleiner. Schöne Grüße!",
    ),
    _Letter(
        path="/日本",
        lang="ja",
        title="灯台からの手紙",
        text="港は静かで、灯りは夜通しともっています。来年もまた来ます。",
    ),
    _Letter(
        path="/日本/港町",
        lang="ja",
        title="港町の夕暮れ",
        text="渡し船は五分早く着きました。だれも乗っていませんでした。",
        encoding="shift_jis",
        declared="meta",
    ),
    _Letter(
        path="/日本/電報",
        lang="ja",
        title="電報",
        text="アスノフネニノル。アメデモノル。",
        encoding="euc_jp",
    ),
    _Letter(
        path="/привет",
        lang="ru",
        title="Привет с маяка",
        text="Ветер восточный, чай горячий, сельди много. Обнимаю, твой лоцман.",
        encoding="windows-1251",
    ),
    _Letter(
        path="/привет/ещё",
        lang="ru",
        title="Ещё одно письмо",
        text="Паром опять пришёл раньше времени, и все были недовольны этим утром.",
        encoding="koi8-r",
        declared="meta",
    ),
    _Letter(
        path="/été",
        lang="fr",
        title="L'été à Candle Quay",
        text="Le phare est fermé, le café est ouvert: on a bien choisi. À bientôt.",
        encoding="windows-1252",
        declared="nowhere",
    ),
    _Letter(
        path="/αλφα",
        lang="el",
        title="Γράμμα από το νησί",
        text="Η θάλασσα είναι ήρεμη και οι γλάροι όχι.",
        encoding="iso-8859-7",
    ),
    _Letter(
        path="/رسالة",
        lang="ar",
        title="رسالة من الميناء",
        text="الفنار مضاء والبحر هادئ والقارب في موعده.",
        direction="rtl",
    ),
    _Letter(
        path="/שלום",
        lang="he",
        title="שלום מהמזח",
        text="הרוח מזרחית והלחם טרי.",
        direction="rtl",
    ),
    _Letter(
        path="/안녕",
        lang="ko",
        title="등대에서 온 편지",
        text="배는 조용히 떠났고 갈매기는 남았습니다.",
        encoding="euc_kr",
        declared="meta",
    ),
    _Letter(
        path="/你好",
        lang="zh-Hans",
        title="码头来信",
        text="灯塔亮着,船已经走了,茶还是热的。",
        encoding="gb18030",
    ),
    _Letter(
        path="/हिंदी",
        lang="hi",
        title="बंदरगाह से पत्र",
        text="समुद्र शांत है और चाय गरम है।",
    ),
    _Letter(
        path="/🦉🏮",
        lang="en",
        title="A letter in pictures 🦉🏮",
        text="🌊⛵🌫️🔔 … 🏠☕",
        encoding="utf-16",
        declared="bom",
    ),
)


def site(house: House) -> Site:
    """Return all pages of the letters."""
    # Written as a person would: raw in the page's own encoding, never percent-encoded.
    shelf: Crumbs = [(letter.path, f"{letter.title} ({letter.lang})") for letter in _LETTERS]
    spellings: Crumbs = [
        (quote("/straße"), "Straße, encoded"),
        ("/./stra%C3%9Fe#top", "Straße, by a detour"),
        ("/two words", "An address with a blank"),
        ("/caf\u00e9", "A café, one way"),
        ("/cafe\u0301", "A café, the other way"),
        ("/search?q=smørrebrød&lang=da", "A question"),
        (" \n/spaced\t ", "An address with blanks around it"),
    ]
    pages: dict[str, Page] = {
        "/robots.txt": robots("User-agent: *", "Allow: /"),
        "/": page(
            house.render(
                "Letters from Abroad",
                f"{bullets(shelf)}\n<h2>The same, spelt otherwise</h2>\n{bullets(spellings)}",
                about="Postcards in fourteen scripts and encodings",
            )
        ),
    }
    for path, title in (
        ("/two words", "Two words"),
        ("/caf\u00e9", "A café, composed"),
        ("/cafe\u0301", "A café, decomposed"),
        ("/search?q=smørrebrød&lang=da", "Smørrebrød"),
        ("/spaced", "Spaced"),
    ):
        pages[path] = page(house.render(title, "<p>You found it.</p>", crumbs=[_HOME]))
    for n, letter in enumerate(_LETTERS):
        pages[letter.path] = _letter(letter, _LETTERS[(n + 1) % len(_LETTERS)])
    return pages


def _letter(letter: _Letter, following: _Letter) -> Page:
    name = letter.encoding.replace("_", "-")
    meta = f'<meta charset="{name}">\n' if letter.declared == "meta" else ""
    # The next letter's address need not exist in this one's encoding: then it is percent-encoded.
    try:
        following.path.encode(letter.encoding)
        href = following.path
    except UnicodeEncodeError:
        href = quote(following.path)
    html = (
        f'<!doctype html>\n<html lang="{letter.lang}" dir="{letter.direction}">\n<head>\n{meta}'
        f"<title>{escape(letter.title)}</title>\n</head>\n<body>\n"
        f"<h1>{escape(letter.title)}</h1>\n{paragraphs([letter.text])}\n"
        f"<p>{link(href, '>>')} {link('/', '^')}</p>\n</body>\n</html>\n"
    )
    kind = f"text/html; charset={name}" if letter.declared == "header" else "text/html"
    return Page(answers=(Answer(body=html.encode(letter.encoding), content_type=kind),))
