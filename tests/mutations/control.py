"""Guards of what a person does to a crawl."""

from tests.mutations.mutation import Mutation

CONTRACT = "tests/contract/test_frontier_control.py"
HELM = "tests/unit/pipeline/test_helm.py"
E2E = "tests/e2e/test_control.py"
RELOAD = "tests/e2e/test_reload.py"

MUTATIONS = (
    Mutation(
        "a halted host gives no requisites",
        "frontier/sql/sqlite/claim.sql",
        "    AND h.held >= ?4 AND h.halted = 0\n",
        "    AND h.held >= ?4\n",
        (f"{CONTRACT}::test_a_halted_host_gives_no_requisites",),
    ),
    Mutation(
        "the turn of a halted host is not lent",
        "frontier/sqlite.py",
        "            if halted:\n",
        "            if False:\n",
        (f"{CONTRACT}::test_a_halted_host_is_not_asked_for_robots_txt_either",),
    ),
    Mutation(
        "another try waits for the window",
        "frontier/sqlite_control.py",
        "            due = (visited_at or 0) + window_ms\n",
        "            due = 0\n",
        (f"{CONTRACT}::test_another_try_is_not_sooner_than_the_window",),
    ),
    Mutation(
        "another try lifts no rule of the crawl",
        "frontier/sqlite_control.py",
        "                    if reason in RETRIABLE_REASONS:\n",
        "                    if True:\n",
        (f"{CONTRACT}::test_rules_of_the_crawl_are_not_lifted_by_another_try",),
    ),
    Mutation(
        "a pause is known before the first claim",
        "pipeline/run.py",
        "        await node.begin()\n",
        "",
        (f"{E2E}::test_a_pause_outlives_kills_and_starts",),
        slow=True,
    ),
    Mutation(
        "what is claimed goes back at a pause",
        "dealer/dealer.py",
        "            self.returned += self.deck.take_all()\n",
        "            pass\n",
        ("tests/unit/dealer/test_steer.py",),
    ),
    Mutation(
        "readers hear of a root that a person added",
        "dealer/dealer.py",
        "            self._on_rooted(None, root)\n",
        "            pass\n",
        ("tests/unit/dealer/test_steer.py",),
    ),
    Mutation(
        "orders are taken in once",
        "pipeline/helm.py",
        "        if order == self._order:\n",
        "        if False:\n",
        (HELM,),
    ),
    Mutation(
        "a stop wins over a reload",
        "dealer/queue.py",
        '            if self.ending.reason == "stopped" and ending.reason == "signal":\n',
        "            if False:\n",
        (f"{RELOAD}::test_a_stop_while_it_winds_down_for_a_reload_is_a_stop",),
        slow=True,
    ),
)
