"""Settings from all sources: who wins, who is named, and what is refused."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from crawler.conf.checks import part_command
from crawler.conf.load import load_settings
from crawler.conf.settings import Settings
from crawler.conf.show import public_settings, sources
from crawler.errors import ConfigError
from crawler.policy.parameters import DEFAULT_NAMES


def _load(cwd: Path, flags: Mapping[str, object] | None = None, **environ: str) -> Settings:
    return load_settings(flags or {}, environ, cwd)


def test_flags_beat_environment_beats_dotenv_beats_file_beats_default(tmp_path: Path) -> None:
    """A value from the wrong place would crawl with what somebody else had set."""
    (tmp_path / "crawl.toml").write_text('delay = "1ms"\ndepth = 1\nretries = 1\nper_host = 1\n')
    (tmp_path / ".env").write_text("CRAWLER_DELAY=2ms\nCRAWLER_DEPTH=2\nCRAWLER_RETRIES=2\n")
    settings = _load(
        tmp_path,
        {"delay": "4ms", "config": "crawl.toml", "seeds": [], "depth": None},
        CRAWLER_DELAY="3ms",
        CRAWLER_DEPTH="3",
    )
    assert (settings.delay, settings.depth, settings.retries) == (0.004, 3, 2)
    assert (settings.per_host, settings.timeout) == (1, 60)
    found = sources(settings)
    assert [found[n] for n in ("delay", "depth", "retries", "per_host", "timeout", "seeds")] == [
        "flag",
        "env",
        ".env",
        "file",
        "default",
        "default",
    ]


def test_the_process_environment_is_not_looked_at_behind_our_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pydantic-settings reads os.environ by itself: sources would then say `default` of it."""
    monkeypatch.setenv("CRAWLER_DELAY", "9s")
    assert _load(tmp_path).delay == 1


def test_settings_alone_read_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """QuasiQueue's way to make settings, without our loader, has to work with our prefix."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRAWLER_MAX_QUEUE_SIZE", "77")
    monkeypatch.setenv("CRAWLER_ALLOW_NET", "127.0.0.0/8, ::1")
    monkeypatch.setenv("CRAWLER_SEEDS", "a.txt https://example.org/?a,b")
    monkeypatch.setenv("QUASIQUEUE_MAX_QUEUE_SIZE", "88")
    settings = Settings()
    assert settings.max_queue_size == 77
    assert settings.allow_net == ("127.0.0.0/8", "::1/128")
    assert settings.seeds == ("a.txt", "https://example.org/?a,b")


def test_dotenv_of_another_program_is_left_alone(tmp_path: Path) -> None:
    """One `.env` serves many programs; their names are not ours to judge."""
    (tmp_path / ".env").write_text("DATABASE_URL=x\nexport CRAWLER_SCOPE='domain' # why\n")
    assert _load(tmp_path).scope == "domain"


def test_relative_directories_count_from_the_working_directory(tmp_path: Path) -> None:
    """A daemon's job would land wherever it happened to be started."""
    settings = _load(tmp_path, {"job": "here", "output": "/there"})
    assert settings.job == tmp_path / "here"
    assert settings.output == Path("/there")


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    """Compose files pass variables that nobody has given, as empty texts."""
    assert _load(tmp_path, CRAWLER_DELAY="", CRAWLER_MAX_PAGES="").delay == 1


def test_no_color_of_all_programs_is_obeyed(tmp_path: Path) -> None:
    """Who has set NO_COLOR once does not want to set it again for each program."""
    assert _load(tmp_path, NO_COLOR="1").no_color
    assert not _load(tmp_path, NO_COLOR="").no_color
    assert not _load(tmp_path, NO_COLOR="1", CRAWLER_NO_COLOR="no").no_color


def test_none_lifts_a_limit(tmp_path: Path) -> None:
    """TOML has no null: a limit of a shared file could not be taken away."""
    (tmp_path / "crawl.toml").write_text('max_pages = 5\nmax_time = "1h"\nmax_total_bytes = 9\n')
    flags = {"config": "crawl.toml", "max_pages": "none", "max_time": "none"}
    settings = _load(tmp_path, flags | {"max_total_bytes": "none"})
    assert (settings.max_pages, settings.max_time, settings.max_total_bytes) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", DEFAULT_NAMES),
        ("strip_params = []", ()),
        ("strip_params = 'none'", ()),
        ("strip_params = ['sid', 'x*']", ("sid", "x*")),
        ("strip_params = ['gclid', 'default', 'sid:32']", None),
    ],
)
def test_parameters_that_are_stripped(
    tmp_path: Path, text: str, expected: tuple[str, ...] | None
) -> None:
    """What a crawl file adds would put out all that is built in, or nothing could be put out."""
    (tmp_path / "crawl.toml").write_text(text)
    names = _load(tmp_path, {"config": "crawl.toml"}).strip_params
    if expected is None:
        assert (names[0], names[-1], len(names)) == ("gclid", "sid:32", len(DEFAULT_NAMES) + 1)
    else:
        assert names == expected
    assert _load(tmp_path, {"strip_params": "a, b", "config": "crawl.toml"}).strip_params == (
        ("a", "b")
    )


def test_legacy_pause_is_mapped_with_a_warning(tmp_path: Path) -> None:
    """An old deployment's variable would silently do nothing."""
    settings = _load(tmp_path, CRAWLER_FULL_QUEUE_SLEEP_TIME="2")
    assert settings.full_queue_sleep_max == 2
    assert settings.notes == (
        "CRAWLER_FULL_QUEUE_SLEEP_TIME is an old name: use full_queue_sleep_max",
    )
    both = _load(tmp_path, CRAWLER_FULL_QUEUE_SLEEP_TIME="2", CRAWLER_FULL_QUEUE_SLEEP_MAX="3")
    assert both.full_queue_sleep_max == 3


@pytest.mark.parametrize(
    "name",
    [
        "CRAWLER_PORT",
        "CRAWLER_PORT_80_TCP_ADDR",
        "CRAWLER_SERVICE_HOST",
        "CRAWLER_SERVICE_PORT_HTTP",
        "CRAWLER_REDIS_SERVICE_HOST",
        "CRAWLER_REDIS_PORT_6379_TCP",
        "QUASIQUEUE_NUM_PROCESSES",
    ],
)
def test_names_that_others_set_only_warn(tmp_path: Path, name: str) -> None:
    """Kubernetes puts these into every pod beside a service called `crawler`."""
    (note,) = _load(tmp_path, **{name: "tcp://10.0.0.1:80"}).notes
    assert name in note


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"CRAWLER_DELAI": "1"}, "CRAWLER_DELAI: no setting .* CRAWLER_DELAY?"),
        ({"CRAWLER_PROCESSES": "1"}, "did you mean CRAWLER_NUM_PROCESSES?"),
        ({"CRAWLER_CONCURRENCY": "1"}, "did you mean CRAWLER_CONCURRENT_TASKS_PER_PROCESS?"),
        ({"crawler_delay": "1"}, "did you mean CRAWLER_DELAY?"),
        ({"CRAWLER_XYZZY": "1"}, "^CRAWLER_XYZZY: no setting has this variable$"),
        ({"CRAWLER_CLOCK_OFFSET_MS": "1"}, "no setting has this variable"),
        ({"CRAWLER_FRESH": "1"}, "can only be given as --fresh"),
        ({"CRAWLER_DELAY": "soon"}, "^CRAWLER_DELAY: cannot read 'soon': write 500ms"),
        ({"CRAWLER_DELAY": "-1s"}, "^CRAWLER_DELAY: cannot read"),
        ({"CRAWLER_TIMEOUT": "0"}, "^CRAWLER_TIMEOUT: must be greater than 0"),
        (
            {"CRAWLER_MAX_TIME": "0"},
            "^CRAWLER_MAX_TIME: '0' is no time at all: .* none for no limit",
        ),
        ({"CRAWLER_MAX_TIME": "0.1ms"}, "'0.1ms' is no time at all"),
        ({"CRAWLER_NUM_PROCESSES": "0"}, "must be greater than or equal to 1, not '0'"),
        ({"CRAWLER_NUM_PROCESSES": "two"}, "must be a valid integer, not 'two'"),
        ({"CRAWLER_DEPTH": "x" * 500}, r"not 'x+\.\.\.$"),
        ({"CRAWLER_SCOPE": "hots"}, "must be 'page', 'prefix', .* not 'hots'"),
        ({"CRAWLER_ROBOTS": "maybe"}, "^CRAWLER_ROBOTS: must be a valid boolean"),
        ({"CRAWLER_HEADER": "no colon"}, "number 1 is no header"),
        ({"CRAWLER_HEADER": "A: b\nHost: x"}, "Host cannot be set"),
        ({"CRAWLER_HEADER": "A: b\x00c"}, "A has characters that no header may have"),
        ({"CRAWLER_USER_AGENT": "1/x"}, "must begin with the agent's name"),
        ({"CRAWLER_USER_AGENT": "Bot\r\nX: y"}, "printable ASCII"),
        ({"CRAWLER_CONTACT": "me) (you"}, "a URL or a mail address"),
        ({"CRAWLER_PROXY": "socks5://h:1"}, "write http://HOST:PORT"),
        ({"CRAWLER_PROXY": "http://h:99999"}, "write http://HOST:PORT"),
        ({"CRAWLER_CACHE_REDIS_URL": "localhost"}, "write redis://HOST"),
        ({"CRAWLER_ALLOW_NET": "10.0.0.0/8 lan"}, "'lan' is no address range"),
        ({"CRAWLER_JOB": "a\0b"}, "is no path"),
        ({"CRAWLER_LEASE": "30s"}, r"lease 30s .* window 10s \+ queue 1m \+ fetch .* = 320\.5s"),
        ({"CRAWLER_FRONTIER": "postgresql://u:p@h/db"}, "PostgreSQL comes with a later version"),
        ({"CRAWLER_FRONTIER": "sqlite:////other.db"}, "--job moves it"),
        ({"CRAWLER_FRONTIER": "mysql://h/db"}, "--job moves it"),
    ],
)
def test_bad_environment(tmp_path: Path, environ: dict[str, str], expected: str) -> None:
    """pydantic ignores unknown names, and its own messages take five lines."""
    with pytest.raises(ConfigError, match=expected) as raised:
        _load(tmp_path, **environ)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1\ndelay = 1s\n", "crawl.toml, line 2: "),
        ("seeds = [\n", "crawl.toml"),
        ("# x\n\ndealy = 1\n", "crawl.toml, line 3: dealy: no setting .* did you mean delay?"),
        ("[delays]\nx = 1\n", "line 1: delays: no table .* did you mean delay?"),
        ("delay = 1\nscope = 'hots'\n", "crawl.toml, line 2: scope: must be"),
        ("delay = '1 week'\n", "line 1: delay: cannot read '1 week'"),
        ("seeds = [1]\n", "line 1: seeds: must be a valid string"),
        ("include = ['']\n", "line 1: include: has an empty text in it"),
        ("strip_params = ['a=1']\n", "line 1: strip_params: 'a=1' is no name: write NAME"),
        ("strip_params = 'a, :5'\n", "line 1: strip_params: ':5' is no name"),
        ("config = 'x'\n", "config: can only be given as --config"),
        ("fresh = true\n", "fresh: can only be given as --fresh"),
        ("processes = 1\n", "did you mean num_processes?"),
        ("x = " + "[" * 5000, "crawl.toml"),
    ],
)
def test_bad_crawl_file(tmp_path: Path, text: str, expected: str) -> None:
    """Without the line a person would have to look for the mistake in the whole file."""
    (tmp_path / "crawl.toml").write_text(text)
    with pytest.raises(ConfigError, match=expected) as raised:
        _load(tmp_path, {"config": "crawl.toml"})
    assert "\n" not in str(raised.value)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    """One fault for each start would take as many starts as there are faults."""
    (tmp_path / "crawl.toml").write_text("dealy = 1\ntimeout = 'x'\nfresh = true\nper_host = 0\n")
    with pytest.raises(ConfigError) as raised:
        _load(tmp_path, {"config": "crawl.toml"}, CRAWLER_DEPTH="x")
    said = str(raised.value)
    assert "\n" not in said
    for fault in ("1: dealy", "2: timeout", "3: fresh", "4: per_host", "CRAWLER_DEPTH"):
        assert fault in said


def test_crawl_file_that_is_none(tmp_path: Path) -> None:
    """A directory, a picture, a disk image: one line each, and nothing read into memory."""
    (tmp_path / "binary").write_bytes(b"x = 1\n\xff\xfe\x00")
    (tmp_path / "huge").write_bytes(b"#" * 1_000_001)
    expected = {
        "missing": "No such file",
        ".": "Is a directory",
        "binary": "line 2: is no UTF-8",
        "huge": "too large",
    }
    for name, message in expected.items():
        with pytest.raises(ConfigError, match=message):
            _load(tmp_path, {"config": name})


def test_bad_dotenv_names_the_line(tmp_path: Path) -> None:
    """`.env` is written by hand, so it has the same mistakes as a crawl file."""
    (tmp_path / ".env").write_text("# x\n\nCRAWLER_DELAI=1\n")
    with pytest.raises(ConfigError, match=r"^\.env, line 3: CRAWLER_DELAI: .* CRAWLER_DELAY"):
        _load(tmp_path)
    (tmp_path / ".env").write_text("CRAWLER_DELAY=1\nCRAWLER_DEPTH=x\n")
    with pytest.raises(ConfigError, match=r"^\.env, line 2: CRAWLER_DEPTH: must be"):
        _load(tmp_path)
    (tmp_path / ".env").write_text("CRAWLER_DELAY=1\n what is this?\n")
    with pytest.raises(ConfigError, match=r"^\.env, line 2: write NAME=value"):
        _load(tmp_path)


def test_a_flag_is_named_as_it_was_typed(tmp_path: Path) -> None:
    """Nobody has typed `num_processes`."""
    with pytest.raises(ConfigError, match=r"^--processes: must be"):
        _load(tmp_path, {"num_processes": "x"})
    with pytest.raises(ConfigError, match=r"called delai; did you mean delay"):
        _load(tmp_path, {"delai": "x"})


def test_secrets_are_shown_nowhere(tmp_path: Path) -> None:
    """A password would stand in the manifest that is handed on with the records."""
    settings = _load(
        tmp_path,
        {"header": ["Authorization: hunter2"]},
        CRAWLER_PROXY="http://user:hunter2@proxy:3128",
        CRAWLER_CACHE_REDIS_URL="redis://:hunter2@localhost/0",
    )
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings)
    shown = public_settings(settings)
    assert "hunter2" not in str(shown)
    assert shown["header"] == ["Authorization: ***"]
    assert shown["proxy"] == "http://***@proxy:3128"
    with pytest.raises(ConfigError) as raised:
        _load(tmp_path, CRAWLER_PROXY="ftp://user:hunter2@proxy")
    assert "hunter2" not in str(raised.value)


def test_shows_units(tmp_path: Path) -> None:
    """`max_body 10000000` makes everybody count zeros."""
    shown = public_settings(_load(tmp_path))
    assert (shown["max_body"], shown["delay"], shown["robots_max_age"]) == ("10MB", "1s", "1d")
    assert shown["max_time"] is None
    assert "clock_offset_ms" not in shown


@pytest.mark.parametrize("command", ["put {path}", "sh -c '$0 ${HOME}'", "put {{foo}}", "awk {}"])
def test_a_command_for_parts_may_name_what_is_filled_in(command: str) -> None:
    assert part_command(command) == command


def test_a_place_that_nothing_fills_in_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"\{foo\} is filled in by nothing.*\{path\}, \{name\}"):
        load_settings({"on_part_sealed": "put {foo}"}, {}, Path.cwd())


def test_a_file_that_ends_too_early_names_its_last_line(tmp_path: Path) -> None:
    (tmp_path / "crawl.toml").write_text("delay = 1\ntimeout = \n\n")
    (tmp_path / "open.toml").write_text('delay = 1\nseeds = ["a",\n')
    (tmp_path / "cut.toml").write_text("delay = 1\ntimeout =")
    for name in ("crawl.toml", "open.toml", "cut.toml"):
        with pytest.raises(ConfigError, match=rf"{name}, line 2: "):
            load_settings({"config": name}, {}, tmp_path)


def test_a_path_is_shown_without_detours_unless_a_link_makes_them_matter(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a" / "b")
    assert load_settings({"job": "a/../r1"}, {}, tmp_path).job == tmp_path / "r1"
    found = load_settings({"job": "link/../r1"}, {}, tmp_path).job
    assert found.resolve() == tmp_path / "a" / "r1"
