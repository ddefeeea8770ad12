"""`[[site]]` tables and cookie files: what is read, what is refused and how, and what is shown."""

import dataclasses
import json
from pathlib import Path

import pytest

from crawler.conf.cookies import read_cookies
from crawler.conf.load import load_settings
from crawler.conf.plan import make_plan
from crawler.conf.settings import Settings
from crawler.conf.show import public_settings
from crawler.errors import ConfigError
from crawler.model.site import Cookie, Site

NOW = 1_800_000_000_000
SECRET = "hunter2"


def load(cwd: Path, text: str) -> Settings:
    file = cwd / "crawl.toml"
    file.write_text(text)
    file.chmod(0o600)
    return load_settings({"config": "crawl.toml"}, {}, cwd)


FULL = """\
delay = 1
[[site]]
match = "https://Bücher.example:443/"
delay = "500ms"
per_host = 3
scope = "any"
include = ["*a*"]
exclude = ["*b*"]
depth = 0
max_pages = 7
recrawl = "12h"
user_agent = "Other/1.0"
header = ["X-Key: hunter2"]
cookie = ["sid=hunter2", "b=1"]
username = "bob"
password = "hunter2: ü"
cookie_jar = true

[[site]]
match = "http://*.Example.ORG"
delay = 0
"""


def test_every_key_comes_through(tmp_path: Path) -> None:
    """A key that is checked and then forgotten would do nothing."""
    settings = load(tmp_path, FULL)
    expected = Site(
        match="xn--bcher-kva.example",
        delay_ms=500,
        per_host=3,
        scope="any",
        include=("*a*",),
        exclude=("*b*",),
        max_depth=0,
        max_pages=7,
        recrawl_ms=43_200_000,
        user_agent="Other/1.0",
        headers=(("X-Key", SECRET),),
        cookies=(("sid", SECRET), ("b", "1")),
        credentials=("bob", f"{SECRET}: ü"),
        cookie_jar=True,
    )
    sites = make_plan(settings.model_dump()).sites
    assert sites == (expected, Site(match="*.example.org", plain_http=True, delay_ms=0))
    assert sites == make_plan(settings).sites
    assert set(expected.keys) == set(settings.site[0].public()) - {"match"}
    assert settings.source("site") == "file"
    unset = [f.name for f in dataclasses.fields(Site) if getattr(expected, f.name) in (None, ())]
    assert unset == []


def test_secrets_are_masked_wherever_settings_are_shown(tmp_path: Path) -> None:
    """The manifest and `config show` are what people hand on."""
    settings = load(tmp_path, FULL)
    shown = json.dumps(public_settings(settings), ensure_ascii=False)
    assert "X-Key: ***" in shown
    assert "sid=***" in shown
    assert '"delay": "500ms"' in shown
    for text in (shown, repr(settings), str(settings), repr(settings.site)):
        assert SECRET not in text
        assert "bob" not in text


def test_the_lease_outlasts_the_waits_of_the_slowest_site(tmp_path: Path) -> None:
    """A retry at a slow site would lose its lease."""
    slow = load(
        tmp_path, 'prevent_requeuing_time = "5m"\n[[site]]\nmatch = "a.example"\ndelay = 200'
    )
    fast = load(tmp_path, 'prevent_requeuing_time = "5m"')
    assert make_plan(slow).lease_ms >= make_plan(fast).lease_ms + 3 * 190_000


MISTAKES = [
    ("delay = 1", "match is missing"),
    ("match = 'a.example'\ndelya = 1", "no key of a site is called delya (did you mean delay?)"),
    ("match = 'a.example'\nmax_time = 1", "stands above the first table"),
    ("match = 'a.example'\ndelay = '-1s'", "delay "),
    ("match = 'a.example'\nper_host = 0", "per_host must be greater"),
    ("match = 'a.example'\ndepth = -1", "depth must be greater"),
    ("match = 'a.example'\nscope = 'all'", "scope must be"),
    ("match = 'a.example'\nmatch = 'b'", "Cannot overwrite a value"),
    ("match = 'a.example'\nuser_agent = '1'", "user_agent must begin with"),
    ("match = 'a.example'\nheader = ['hunter2']", "header number 1 is no header"),
    ("match = 'a.example'\nheader = ['Host: hunter2']", "header Host cannot be set"),
    ("match = 'a.example'\nheader = ['Cookie: hunter2']", "use cookie"),
    ("match = 'a.example'\nheader = 7", "header must be"),
    ("match = 'a.example'\ncookie = ['hunter2']", "cookie number 1 is no cookie"),
    ("match = 'a.example'\ncookie = ['a=hunter2; b']", "cookie number 1 is no cookie"),
    ("match = 'a.example'\npassword = 'hunter2'", "username and password go together"),
    ("match = 'a.example'\nusername = 'hunter2'", "username and password go together"),
    ("match = 'a.example'\nusername = 'a:b'\npassword = 'hunter2'", "username has a colon"),
    ("match = 'a.example'\nusername = 'a'\npassword = \"hunter2\\n\"", "no credential may have"),
    (
        "match = 'a.example'\nusername = 'a'\npassword = 'hunter2'\nheader = ['authorization: x']",
        "exclude each other",
    ),
    ("match = 'a.example'\ninclude = ['/x']", "begin it with * or http"),
    ("match = ''", "match must be a host"),
    ("match = 'a.example/x'", "match must be a host"),
    ("match = 'u:hunter2@a.example'", "match must be a host"),
    ("match = 'a b'", "match must be a host"),
    ("match = '*.bücher.example'", "match must be a host"),
    ("match = 'a..example:99999'", "match is no host"),
    ("match = '*.example.org:99999'", "matches no host: there is no port 99999"),
    ("match = '*'\ncookie = ['a=hunter2']", "secrets go to a whole host"),
    ("match = '*.example*'\nheader = ['A: hunter2']", "secrets go to a whole host"),
    ("match = '*shop.example'\nheader = ['A: hunter2']", "secrets go to a whole host"),
    ("match = '*.co.uk'\nheader = ['A: hunter2']", "secrets go to a whole host"),
    ("match = '*.github.io'\nheader = ['A: hunter2']", "secrets go to a whole host"),
    ("match = 'http://*'\nusername = 'a'\npassword = 'hunter2'", "secrets go to a whole host"),
]


@pytest.mark.parametrize(("table", "message"), MISTAKES, ids=lambda word: word[:40])
def test_a_mistake_names_its_line_and_no_secret(tmp_path: Path, table: str, message: str) -> None:
    """A table that does nothing, or a password in a bug report."""
    text = f"delay = 1\n\n[[site]]\nmatch = 'first.example'\n\n[[ site ]]\n{table}\n"
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    said = str(caught.value)
    assert message in said
    assert SECRET not in said
    assert "\n" not in said
    if "glob" not in said and "overwrite" not in said:
        assert said.startswith(f"{tmp_path / 'crawl.toml'}, line 6: [[site]]: ")


@pytest.mark.parametrize("second", ["A.example", "http://a.example", "https://a.example:443"])
def test_two_tables_for_one_host_are_refused(tmp_path: Path, second: str) -> None:
    """The second one could never hold."""
    with pytest.raises(ConfigError, match=r"line 3: \[\[site\]\]: another table matches"):
        load(tmp_path, f"[[site]]\nmatch = 'a.example'\n[[site]]\nmatch = '{second}'\n")


@pytest.mark.parametrize(
    ("first", "second", "is_refused"),
    [
        ("*", "a.example", True),
        ("*.example", "a.example", True),
        ("*.example", "http://*.a.example", True),
        ("*a*", "*.a.example", True),
        ("*.example", "example", False),
        ("*.a.example", "*.example", False),
        ("*.example", "a.example:8000", False),
        ("*.example", "*.example*", False),
    ],
)
def test_a_table_below_one_that_takes_all_its_hosts_is_refused(
    tmp_path: Path, first: str, second: str, is_refused: bool
) -> None:
    """The first table that matches holds, alone: the second one would silently do nothing."""
    text = f"[[site]]\nmatch = '{first}'\n[[site]]\nmatch = '{second}'\n"
    if not is_refused:
        assert len(load(tmp_path, text).site) == 2
        return
    with pytest.raises(ConfigError, match=r"line 3: \[\[site\]\]: it would never hold: .*'\*"):
        load(tmp_path, text)


@pytest.mark.parametrize("text", ["site = 1", "site = ['a']", "[site]\nmatch = 'a.example'"])
def test_what_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    """Single brackets are the usual slip."""
    with pytest.raises(ConfigError, match=r"write \[\[site\]\], with two brackets"):
        load(tmp_path, text)


def test_only_a_file_has_tables(tmp_path: Path) -> None:
    """A variable that holds a table as text would be a second syntax for it."""
    with pytest.raises(ConfigError, match=r"CRAWLER_SITE: can only be given as \[\[site\]\]"):
        load_settings({}, {"CRAWLER_SITE": "[]"}, tmp_path)


@pytest.mark.parametrize("match", ["*.shop.example.org", "http://*.shop.co.uk", "[::1]:80", "h:81"])
def test_secrets_for_the_hosts_of_one_owner(tmp_path: Path, match: str) -> None:
    """A rule that forbids these would make people write one table for each host."""
    assert load(tmp_path, f"[[site]]\nmatch = '{match}'\ncookie = ['a=b']\n").site[0].has_secrets


@pytest.mark.parametrize(
    ("text", "mode", "warned"),
    [
        ("[[site]]\nmatch = 'a.example'\ncookie = ['a=b']\n", 0o644, True),
        ("[[site]]\nmatch = 'a.example'\ncookie = ['a=b']\n", 0o640, True),
        ("[[site]]\nmatch = 'a.example'\ncookie = ['a=b']\n", 0o600, False),
        ("[[site]]\nmatch = 'a.example'\ndelay = 1\n", 0o644, False),
        ("header = ['A: b']\n", 0o644, True),
    ],
)
def test_secrets_that_others_can_read_are_warned_of(
    tmp_path: Path, text: str, mode: int, warned: bool
) -> None:
    """Every account of the machine could log in."""
    load(tmp_path, text)
    (tmp_path / "crawl.toml").chmod(mode)
    notes = load_settings({"config": "crawl.toml"}, {}, tmp_path).notes
    assert any("chmod 600" in note for note in notes) is warned


GOOD = """\
# Netscape HTTP Cookie File
\t
.h.example\tTRUE\t/\tTRUE\t1900000000\tsid\thunter2
#HttpOnly_h.example\tFALSE\t/a\tfalse\t0\tb\tx=y
H.example\tTRUE\t/\tFALSE\t1700000000\told\tgone
localhost\tTRUE\t/\tFALSE\t\tempty\t
h.example\tFALSE\t/\tFALSE\t1900000000.5\tbare
"""


def test_a_cookie_file(tmp_path: Path) -> None:
    """A session that is not sent, or sent to more hosts than it was given for."""
    file = tmp_path / "cookies.txt"
    file.write_text(GOOD)
    assert read_cookies(file, NOW) == (
        Cookie("h.example", True, "/", True, 1_900_000_000_000, "sid", SECRET),
        Cookie("h.example", False, "/a", False, None, "b", "x=y"),
        Cookie("localhost", False, "/", False, None, "empty", ""),
        Cookie("h.example", False, "/", False, 1_900_000_000_500, "bare", ""),
    )


BAD = [
    ("h.example\tTRUE\thunter2", "is no cookie: 3 fields"),
    ("sid=hunter2", "is no cookie: 1 fields"),
    ('{"sid": "hunter2"}', "is no cookie: 1 fields"),
    ("h.example\tTRUE\t/\tYES\t0\ta\thunter2", "fourth field is neither TRUE nor FALSE"),
    ("h.example\t1\t/\tTRUE\t0\ta\thunter2", "second field is neither TRUE nor FALSE"),
    ("h.example\tTRUE\ta\tTRUE\t0\ta\thunter2", "path does not begin with a slash"),
    ("h.example\tTRUE\t/\tTRUE\tsoon\ta\thunter2", "end is no number"),
    ("h.example\tTRUE\t/\tTRUE\tnan\ta\thunter2", "end is no number"),
    ("h.example\tTRUE\t/\tTRUE\t0\t\thunter2", "has no name"),
    ("h.example\tTRUE\t/\tTRUE\t0\ta\thunter2;b", "no cookie may have"),
    ("h.example\tTRUE\t/\tTRUE\t0\ta\thunter2ü", "no cookie may have"),
    ("h.example\tTRUE\t/\tTRUE\t0\ta\t" + "x" * 4096, "or too many"),
    ("https://h.example\tTRUE\t/\tTRUE\t0\ta\thunter2", "domain is none"),
    ("\tTRUE\t/\tTRUE\t0\ta\thunter2", "domain is none"),
    ("*.h.example\tTRUE\t/\tTRUE\t0\ta\thunter2", "domain is none"),
]


@pytest.mark.parametrize(("line", "message"), BAD, ids=lambda word: word[:40])
def test_a_bad_cookie_is_told_by_its_line(tmp_path: Path, line: str, message: str) -> None:
    """A crawl that believes to be logged in is worse than one that does not begin."""
    file = tmp_path / "cookies.txt"
    file.write_text(f"# a comment\n\n{line}\n")
    with pytest.raises(ConfigError) as caught:
        load_settings({"cookies": "cookies.txt"}, {}, tmp_path)
    assert str(caught.value).startswith(f"{file}, line 3: ")
    assert message in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_cookie_file_that_is_not_there(tmp_path: Path) -> None:
    """As above."""
    with pytest.raises(ConfigError, match=r"cookies.txt: No such file"):
        load_settings({"cookies": "cookies.txt"}, {}, tmp_path)


def test_too_many_cookies(tmp_path: Path) -> None:
    """Each reader holds them all in memory."""
    file = tmp_path / "cookies.txt"
    file.write_text("h.example\tTRUE\t/\tTRUE\t0\ta\tb\n" * 10_001)
    with pytest.raises(ConfigError, match="more than 10,000 cookies"):
        read_cookies(file, NOW)
