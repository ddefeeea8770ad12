"""What progress says bounds the crawl must be what does."""

from crawler.pipeline.watching.bounds import Bound, find_bound
from crawler.pipeline.watching.snapshot import Budget
from tests.support.snapshots import a_host, a_snapshot, an_outlook


def test_the_host_that_takes_longest_names_the_end() -> None:
    """The host with most URLs is not the last one if its delay is shorter."""
    snapshot = a_snapshot(
        an_outlook(ready=400, claimable=2),
        a_host("many.example", left=300, delay_ms=100),
        a_host("slow.example", left=100, delay_ms=1_000),
    )
    assert find_bound(snapshot, 11) == Bound("politeness: slow.example at 1/s", 100)


def test_a_short_delay_that_is_not_reached_does_not_tell_the_end() -> None:
    """It would be over in half a minute, and half a minute later still be."""
    snapshot = a_snapshot(
        an_outlook(ready=2_400, claimable=1), a_host("h.example", left=2_400, delay_ms=12)
    )
    assert find_bound(snapshot, 30) == Bound("politeness: h.example at 83.3/s", 80)


def test_without_a_delay_the_rate_so_far_tells_the_end() -> None:
    snapshot = a_snapshot(
        an_outlook(ready=900, leased=100, claimable=1), a_host("h.example", left=900, delay_ms=0)
    )
    assert find_bound(snapshot, 500) == Bound("as fast as this machine and the servers can", 2)
    assert find_bound(snapshot, 0).seconds_left is None


def test_urls_held_by_a_budget_are_not_left_to_do() -> None:
    snapshot = a_snapshot(an_outlook(ready=900, held_by_budget=800, leased=0))
    assert find_bound(snapshot, 10).seconds_left == 10


def test_waiting_says_until_when() -> None:
    snapshot = a_snapshot(an_outlook(waiting=3, next_due=25_000))
    assert find_bound(snapshot, 1) == Bound("waiting: 3 URLs for their due time", 15)


def test_a_limit_comes_first() -> None:
    snapshot = a_snapshot(an_outlook(ready=5, leased=2), stopping="max_time")
    assert find_bound(snapshot, 1).what == "--max-time reached, finishing"


def test_nothing_is_due_says_until_when() -> None:
    """A watch that sleeps for a week would look as if it hung."""
    outlook = an_outlook(later=5, next_visit=70_000)
    assert find_bound(a_snapshot(outlook), 0.0) == Bound("waiting for the first of 5 visits", 60.0)


def test_a_stop_says_what_is_under_way_and_for_how_long() -> None:
    """After Ctrl-C seconds pass in which nothing seems to happen: people press it again."""
    snapshot = a_snapshot(an_outlook(ready=5, leased=2), gone_by=17_000, holds=["operator"])
    assert find_bound(snapshot, 1).what == "stopping: 2 under way, 7 s for them at most"
    again = snapshot._replace(renews=True)
    assert find_bound(again, 1).what == "reloading: 2 under way, 7 s for them at most"
    last = snapshot._replace(finishing="shipping part-000003.jsonl")
    assert find_bound(last, 1).what == "shipping part-000003.jsonl"


def test_a_pause_comes_before_what_it_holds_back() -> None:
    snapshot = a_snapshot(an_outlook(ready=5), holds=["disk", "operator"], stopping="max_pages")
    what = "paused: the disk is nearly full and paused by the operator"
    assert find_bound(snapshot, 1) == Bound(what, None)


def test_a_budget_that_is_used_up_first_tells_the_end() -> None:
    """At 20 of 25 pages it said two minutes, and was over two seconds later."""
    host = a_host("h.example", left=146, delay_ms=1_000)
    values = {"records": 20, "pages": 20}
    snapshot = a_snapshot(
        an_outlook(ready=146, claimable=1), host, counters=values, budget=Budget(pages=25)
    )
    what = "politeness: h.example at 1/s"
    assert find_bound(snapshot, 0) == Bound(what, 5, 0.8)
    assert find_bound(snapshot, 2.5) == Bound(what, 2, 0.8)
    enough = snapshot._replace(budget=Budget(pages=1_000))
    assert find_bound(enough, 1) == Bound(what, 146)
    by_bytes = snapshot._replace(
        budget=Budget(total_bytes=4_000), counters=values | {"bytes": 1_000}
    )
    assert find_bound(by_bytes, 1, 300) == Bound(what, 10, 0.25)
    assert find_bound(by_bytes, 1, 3) == Bound(what, 146)
    by_time = snapshot._replace(budget=Budget(until=40_000))
    assert find_bound(by_time, 1) == Bound(what, 30, 0.25)


def test_a_pause_that_all_wait_for_is_named_and_counted() -> None:
    """For half a minute it said that two seconds were left, and asked for one page a second."""
    paused = a_host("h.example", left=2, delay_ms=1_000)._replace(paused_until=35_000)
    snapshot = a_snapshot(an_outlook(ready=2, waiting=2), paused)
    why = "h.example is paused until 00:00:35 UTC: it asked us to wait"
    assert find_bound(snapshot, 0) == Bound(why, 27)
    assert find_bound(snapshot, 0.01) == Bound(why, 27)
    failing = snapshot._replace(
        hosts=[paused._replace(failures_in_row=3, last_failure="status_503")]
    )
    assert find_bound(failing, 0).what.endswith("UTC: failing: status_503")
    other = a_host("o.example", left=4, delay_ms=2_000)
    both = a_snapshot(an_outlook(ready=6, waiting=2, claimable=1), paused, other)
    assert find_bound(both, 1) == Bound("politeness: o.example at 0.5/s", 27)


def test_before_the_first_page_nobody_knows_the_end() -> None:
    """Of a million pages the first line said `0 s left`."""
    snapshot = a_snapshot(
        an_outlook(ready=1, claimable=1),
        a_host("h.example", left=1, delay_ms=1_000),
        counters={"records": 0},
    )
    assert find_bound(snapshot, 0) == Bound("politeness: h.example at 1/s", None)
