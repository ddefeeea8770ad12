"""`[[extract]]` tables: what is read, and what is refused with the line of its table or field."""

from pathlib import Path

import pytest

from crawler.conf.load import load_settings
from crawler.conf.plan import make_plan
from crawler.conf.settings import Settings
from crawler.conf.show import public_settings
from crawler.errors import ConfigError
from crawler.model.extraction import ExtractTable, FieldRule, Source


def load(cwd: Path, text: str) -> Settings:
    (cwd / "crawl.toml").write_text(text)
    return load_settings({"config": "crawl.toml"}, {}, cwd)


FULL = """\
delay = 1
[[extract]]
match = "https://Shop.example/item/*"
python = "shop.pages:parse"
fields.name = "h1"
fields.photo = "img.main @SRC"
fields.price.json_ld = ["Product.offers", "offers"]
fields.price.opengraph = "product:price:amount"
fields.price.css = ".price"
fields.price.type = "price"
fields.price.currency = "EUR"
fields.price.decimal = ","

[extract.fields.tags]
css = ".tag"
take = "html"
regex = "#(\\\\w+)"
many = true
default = ["none"]

[extract.fields."made on"]
meta = "date"
microdata = "Product.releaseDate"
type = "date"
format = "%d.%m.%Y"
required = true

[[extract]]
match = "*.Example.ORG"
each = "li.card"
[extract.fields]
link = "@href"
text = ":scope"

[[extract]]
python = "a:b"
"""


def test_every_key_comes_through_to_the_readers(tmp_path: Path) -> None:
    """A key that is checked and then forgotten would do nothing."""
    settings = load(tmp_path, FULL)
    first, second, third = make_plan(settings.model_dump()).extract
    assert (first, second, third) == make_plan(settings).extract
    price, photo = first.fields[2], first.fields[1]
    assert (first.match, first.python) == ("https://Shop.example/item/*", "shop.pages:parse")
    assert [field.name for field in first.fields] == ["name", "photo", "price", "tags", "made on"]
    assert photo.sources == (Source(kind="css", select="img.main", take="@src"),)
    assert price.sources == (
        Source(kind="json_ld", select="Product.offers"),
        Source(kind="json_ld", select="offers"),
        Source(kind="opengraph", select="product:price:amount"),
        Source(kind="css", select=".price"),
    )
    assert (price.type, price.currency, price.decimal) == ("price", "EUR", ",")
    assert first.fields[3] == FieldRule(
        name="tags",
        sources=(Source(kind="css", select=".tag", take="html"),),
        regex=r"#(\w+)",
        many=True,
        default=["none"],
        place=f"{tmp_path}/crawl.toml, line 14: [[extract]] field tags",
    )
    made = first.fields[4]
    assert [source.kind for source in made.sources] == ["meta", "microdata"]
    assert (made.type, made.format, made.required) == ("date", "%d.%m.%Y", True)
    assert (second.match, second.each) == ("*.example.org", "li.card")
    assert [field.sources[0] for field in second.fields] == [
        Source(kind="css", select="", take="@href"),
        Source(kind="css", select=""),
    ]
    assert third == ExtractTable(
        python="a:b",
        place=f"{tmp_path}/crawl.toml, line 35: [[extract]]",
        directory=tmp_path,
    )
    assert public_settings(settings)["extract"][1]["fields"] == [
        "link = css:@href",
        "text = css:",
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "matcher = 'p'",
            "line 2: [[extract]]: no key of it is called matcher (did you mean match?)",
        ),
        ("match = 'ftp://*'", "line 2: [[extract]]: match: glob 'ftp://*' matches no URL"),
        ("match = 'exa mple'", "line 2: [[extract]]: match must be a host or HOST:PORT"),
        ("match = 'http://['", "line 2: [[extract]]: match is no URL"),
        ("match = 3", "line 2: [[extract]]: match must be a host"),
        ("python = 'shop.parse'", "line 2: [[extract]]: python must be written as"),
        ("each = ''", "line 2: [[extract]]: each must be text"),
        ("fields = 3", "line 2: [[extract]]: fields must be a table"),
        (
            "fields.a = { csss = 'x' }",
            "line 3: [[extract]] field a: no key of a field is called csss",
        ),
        ("fields.a = { many = true }", "line 3: [[extract]] field a: no source"),
        (
            "fields.a = { css = 'x', type = 'money' }",
            "line 3: [[extract]] field a: type must be one",
        ),
        ("fields.a = 3", "line 3: [[extract]] field a: must be a CSS selector"),
        ("fields.a = { css = ['a', 1] }", "line 3: [[extract]] field a: css must be text"),
        ("fields.a = { css = 'a', many = 1 }", "line 3: [[extract]] field a: many must be true"),
        ("fields.a = { css = 'a', take = 'src' }", "line 3: [[extract]] field a: take must be"),
        (
            "fields.a = { meta = 'a', take = 'html' }",
            "line 3: [[extract]] field a: take is for css",
        ),
        ("fields.a = { css = 'a', default = nan }", "line 3: [[extract]] field a: default must"),
        (
            "fields.a = { css = 'a', default = 1, required = true }",
            "line 3: [[extract]] field a: required and default exclude each other",
        ),
        (
            "fields.a = { css = 'a', currency = 'EUR' }",
            "line 3: [[extract]] field a: currency is for",
        ),
        (
            "fields.a = { css = 'a', type = 'date', format = '%Q' }",
            "line 3: [[extract]] field a: format must be one of strptime",
        ),
        (
            "each = 'li'\nfields.a = { meta = 'x' }",
            "line 4: [[extract]] field a: meta is of the whole",
        ),
        ("fields.'a\"b' = 'p'", '[[extract]] field a"b: a name is made of letters'),
        ("[extract.fields.a]\ncss = 3", "line 3: [[extract]] field a: css must be text"),
        ("[extract.fields]\n\na.css = 3", "line 5: [[extract]] field a: css must be text"),
        (
            "fields.b = 'b'\n[[extract]]\nmatch = '*'\nfields.b = 'b'",
            "line 4: [[extract]]: another table",
        ),
    ],
)
def test_a_fault_is_one_line_that_names_the_place(tmp_path: Path, line: str, problem: str) -> None:
    """A table that is read otherwise than meant would fill a whole crawl with nothing."""
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, f"delay = 1\n[[extract]]\n{line}\n")
    message = str(raised.value)
    assert problem in message
    assert "crawl.toml" in message
    assert "\n" not in message
    assert raised.value.exit_code == 2


def test_only_a_crawl_file_has_tables(tmp_path: Path) -> None:
    """In a variable a table would have to be guessed at."""
    with pytest.raises(ConfigError, match=r"only be given as \[\[extract\]\] in a crawl file"):
        load_settings({}, {"CRAWLER_EXTRACT": "x"}, tmp_path)
    with pytest.raises(ConfigError, match=r"write \[\[extract\]\], with two brackets"):
        load(tmp_path, "[extract]\nmatch = 'x'\n")
