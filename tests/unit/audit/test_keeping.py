"""Which answers of a report's questions are kept."""

import pytest

from crawler.audit.keeping import Keeping
from crawler.audit.outside import Answer, kept_answers, read_answers

NOW = 1_700_000_000_000


def answer(host: str, error: str | None = None, **more) -> Answer:
    url = f"http://{host}/"
    status = None if error else 200
    return Answer(
        **{"url": url, "asked_at": NOW, "final_url": url, "hops": 0, "status": status, **more},
        error=error,
    )


def kept(tmp_path, answers, before=()) -> tuple[set[str], set[str]]:
    """Return the URLs that are kept, and those that say nothing."""
    with kept_answers(tmp_path, NOW) as file:
        keeping = Keeping(file, before)
        for one in answers:
            keeping.take(one)
        keeping.settle()
    return {one["url"] for one in read_answers(tmp_path, NOW)}, {
        one.url for one in keeping.unreached
    }


DEAD = [answer(f"h{n}.example", "dns") for n in range(30)]


@pytest.mark.parametrize(
    ("reached", "is_online"),
    [
        ([], False),
        ([answer("here.example")], False),
        ([answer("a.example"), answer("b.example")], True),
        ([answer("a.example", "timeout"), answer("b.example", "robots_deferred")], False),
        ([answer("a.example", "robots"), answer("b.example", "tls")], True),
    ],
)
def test_names_without_an_address_are_broken_links_only_if_others_have_one(
    tmp_path, reached, is_online
):
    """A machine without a network would name every link of a site as broken, for a day."""
    urls, nothing = kept(tmp_path, [*DEAD, *reached])
    dead = {one.url for one in DEAD}
    assert urls == {one.url for one in reached} | (dead if is_online else set())
    assert nothing == (set() if is_online else dead)


def test_a_host_that_was_dead_before_says_nothing_of_the_network(tmp_path):
    """Asked again alone, later that day, the dead links would be unknown again."""
    before = [{"final_url": "http://h0.example/", "error": "dns"}]
    assert kept(tmp_path, [DEAD[0]], before) == ({DEAD[0].url}, set())


def test_a_redirect_to_a_dead_host_shows_that_there_is_a_network(tmp_path):
    """It was a server that redirected."""
    moved = answer("a.example", "connect", final_url="http://dead.example/", hops=1)
    assert kept(tmp_path, [moved]) == ({moved.url}, set())


def test_a_refusal_of_our_own_is_no_answer(tmp_path):
    """--allow-net in the next report would not be heeded for a day."""
    ours = answer("10.0.0.1", "blocked_address")
    assert kept(tmp_path, [ours, answer("a.example")])[0] == {"http://a.example/"}
    with kept_answers(tmp_path, NOW) as file:
        file.add(ours)  # as older versions did
    assert {one["url"] for one in read_answers(tmp_path, NOW)} == {"http://a.example/"}
