"""Guards of requisites: what is found, how far it is followed, which budgets hold."""

from tests.mutations.mutation import Mutation

FRONTIER = "tests/contract/test_frontier_requisites.py"
E2E = "tests/e2e/test_requisites.py"
CSS = "tests/unit/parse/test_css.py"
PROBE = "tests/unit/parse/test_requisites.py"

MUTATIONS = [
    Mutation(
        "comments of a sheet load nothing",
        "parse/css.py",
        r"""rf\"\"\"/\*(?:[^*]|\*(?!/))*+""".replace('\\"', '"'),
        r"""rf\"\"\"/\*\*\*\*""".replace('\\"', '"'),
        (CSS,),
    ),
    Mutation(
        "a sheet has so many references",
        "parse/css.py",
        "            if len(found) >= MAX_URLS:\n                break\n",
        "",
        (CSS,),
    ),
    Mutation(
        "candidates of srcset come last",
        "parse/requisites.py",
        "[*self._first, *self._sizes]",
        "[*self._sizes, *self._first]",
        (PROBE,),
    ),
    Mutation(
        "requisites are bounded for each page",
        "pipeline/requisites.py",
        "named[: self._limit]",
        "named",
        (E2E,),
        slow=True,
    ),
    Mutation(
        "sheets are followed so far",
        "policy/requisites.py",
        "    return priority + 1 if FIRST_PRIORITY <= priority < LAST_PRIORITY else None",
        "    return priority",
        (E2E,),
        slow=True,
    ),
    Mutation(
        "exclude globs hold for requisites",
        "policy/admission.py",
        "return self.scope.exclusion(url) or self.trap(url, 0)",
        "return self.trap(url, 0)",
        (E2E,),
        slow=True,
    ),
    Mutation(
        "nothing is followed from a requisite",
        "pipeline/pages.py",
        '        if item.kind == "requisite":\n            return await self._requisite',
        "        if False:\n            return await self._requisite",
        (E2E,),
        slow=True,
    ),
    Mutation(
        "the last pages of a budget get their requisites",
        "pipeline/node.py",
        'self.limit == "max_pages" and self._plan.requisites',
        "False",
        (E2E,),
        slow=True,
    ),
    Mutation(
        "requisites that are switched off are not fetched on",
        "pipeline/changed_rules/rejudging.py",
        "            if not self._has_requisites:",
        "            if False:",
        (E2E,),
        slow=True,
    ),
    Mutation(
        "requisites are claimed beyond budgets of pages",
        "frontier/sqlite_due.py",
        "        if not self._options.requisites or not (is_spent or self.book.limits_pages):",
        "        if True:",
        (FRONTIER,),
    ),
    Mutation(
        "beyond a budget only requisites are claimed",
        "frontier/sqlite_claim.py",
        "        claim.only_requisites = True\n",
        "",
        (FRONTIER,),
    ),
    Mutation(
        "a link makes a requisite a page",
        "frontier/sqlite_links.py",
        "            if kind >= REQUISITE:\n                if _is_near(link, limit):",
        "            if kind >= REQUISITE:\n                if False:",
        (FRONTIER,),
    ),
    Mutation(
        "an image is not fetched again because it is linked",
        "frontier/sqlite_promotion.py",
        "        if state == DONE and kind != LEADING:",
        "        if False:",
        (FRONTIER,),
    ),
    Mutation(
        "a document that became a page under way is fetched as one",
        "frontier/sqlite_commit.py",
        '        refs = [r.item_ref for r in results if r.leads_on and r.outcome == "done"]',
        "        refs = []",
        (FRONTIER,),
    ),
    Mutation(
        "what depth refuses as a page may be a requisite",
        "frontier/sqlite_links.py",
        '                if state == _DEAD and reason == "depth":\n',
        "                if False:\n",
        (FRONTIER,),
    ),
    Mutation(
        "requisites of an earlier run are known",
        "frontier/sqlite_links.py",
        '            self._may_have_requisites = counters.get("requisites_found", 0) > 0',
        "            self._may_have_requisites = False",
        ("tests/contract/test_sqlite_store.py",),
    ),
]
