"""Visits: when a page is fetched again, and what that is said to have found."""

from tests.mutations.mutation import Mutation

RULES = "tests/unit/policy/test_revisit.py"
STORE = "tests/contract/test_frontier_revisit.py"

FOUND = "tests/unit/pipeline/test_revisiting.py"

MUTATIONS = [
    Mutation(
        "a body that broke off is no content",
        "pipeline/revisiting.py",
        " and (result.is_capped or not result.truncated)",
        "",
        (f"{FOUND}::test_a_body_that_broke_off_says_nothing_of_the_page",),
    ),
    Mutation(
        "a change halves the interval",
        "policy/revisit.py",
        "interval = _within(interval // 2, terms)",
        "interval = _within(interval, terms)",
        (f"{RULES}::test_the_interval_follows_the_page",),
    ),
    Mutation(
        "what was never there cannot go",
        "policy/revisit.py",
        "item.misses < GONE_AFTER and item.content_hash is not None",
        "item.misses < GONE_AFTER",
        (f"{RULES}::test_what_was_never_there_cannot_go",),
    ),
    Mutation(
        "never-seen URLs come before visits",
        "frontier/sql/sqlite/revisit.sql",
        "UPDATE urls SET state = 0, priority = CASE kind WHEN 1 THEN 10 ELSE 11 END, reason = NULL\n"
        "WHERE id IN",
        "UPDATE urls SET state = 0, reason = NULL\nWHERE id IN",
        (f"{STORE}::test_never_seen_urls_come_first_then_the_longest_due",),
    ),
    Mutation(
        "a date brings no visit nearer than the least time",
        "frontier/sql/sqlite/revisit.sql",
        "UPDATE urls SET at = max(?2, visited_at + ?3) WHERE id = ?1 AND state = 2",
        "UPDATE urls SET at = ?2 WHERE id = ?1 AND state = 2",
        (f"{STORE}::test_a_date_that_lies_costs_little",),
    ),
    Mutation(
        "other times hold for no requisite",
        "frontier/sql/sqlite/revisit.sql",
        "at = CASE WHEN kind < 2 THEN coalesce(visited_at, 0) + ?3 END",
        "at = coalesce(visited_at, 0) + ?3",
        (f"{STORE}::test_times_that_are_others_hold_for_no_requisite",),
    ),
    Mutation(
        "a page counts once",
        "frontier/sqlite_counting.py",
        "        pages = result.is_page - (before.is_page if before is not None else 0)",
        "        pages = int(result.is_page)",
        (f"{STORE}::test_a_page_counts_once_however_often_it_is_visited",),
    ),
    Mutation(
        "what is lost with its record is asked for whole",
        "frontier/sql/sqlite/store.sql",
        "    etag = NULL, last_modified = NULL, content_hash = NULL, misses = 0,\n    priority",
        "    misses = 0,\n    priority",
        (f"{STORE}::test_a_lost_record_is_fetched_again_under_its_number",),
    ),
    Mutation(
        "a server that is down does not end the visits",
        "frontier/sqlite_revisit.py",
        "    dead = [row for row in rows if not row[2]]\n    again = len(rows) - len(dead)",
        "    rows = [(*row[:2], False) for row in rows]\n    dead, again = rows, 0",
        (f"{STORE}::test_a_server_that_is_down_does_not_end_the_visits",),
    ),
]
