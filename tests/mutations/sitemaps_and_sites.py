"""Guards of sitemaps, of settings for single sites, and of the health of hosts."""

from tests.mutations.mutation import Mutation

SITEMAP = "tests/unit/parse/test_sitemap.py"
SITEMAPS = "tests/unit/policy/test_sitemaps.py"

MUTATIONS = [
    Mutation(
        "a sitemap declares no entities",
        "parse/sitemap.py",
        "parser.EntityDeclHandler = parser.AttlistDeclHandler = self._declaration",
        "parser.AttlistDeclHandler = self._declaration",
        (f"{SITEMAP}::test_faults_keep_what_came_before_them",),
    ),
    Mutation(
        "a sitemap declares no attributes",
        "parse/sitemap.py",
        "parser.EntityDeclHandler = parser.AttlistDeclHandler = self._declaration",
        "parser.EntityDeclHandler = self._declaration",
        (f"{SITEMAP}::test_defaults_of_attributes_are_not_read",),
    ),
    Mutation(
        "any encoding of a sitemap is survived",
        "parse/sitemap.py",
        "        except (LookupError, ValueError):",
        "        except ZeroDivisionError:",
        (f"{SITEMAP}::test_an_encoding_that_cannot_be_read_is_a_problem",),
    ),
    Mutation(
        "entries of a sitemap are bounded",
        "parse/sitemap.py",
        "        room = MAX_ENTRIES - self.entries",
        "        room = len(found)",
        (f"{SITEMAP}::test_entries_are_counted_and_bounded",),
    ),
    Mutation(
        "a packed sitemap is bounded",
        "parse/sitemap.py",
        "            if size > MAX_BYTES:",
        "            if False:",
        (f"{SITEMAP}::test_a_bomb_is_unpacked_up_to_the_cap_only",),
    ),
    Mutation(
        "a sitemap is not nested deeply",
        "parse/sitemap.py",
        "        if self._depth > MAX_NESTING:",
        "        if False:",
        (f"{SITEMAP}::test_faults_keep_what_came_before_them",),
    ),
    Mutation(
        "sitemaps of one file are bounded in number",
        "policy/sitemaps.py",
        "        if refusal is None and len(urls) >= limit:",
        "        if False:",
        (SITEMAPS,),
    ),
    Mutation(
        "sitemaps out of scope are refused",
        "policy/sitemaps.py",
        "        refusal = admission.refusal(url, 0)\n",
        "        refusal = None\n",
        (SITEMAPS,),
    ),
    Mutation(
        "a host's name is never stripped",
        "policy/parameters.py",
        '        *place, path = address.split("/", 3)',
        "        place, path = [], address",
        ("tests/unit/policy/test_parameters.py::test_a_host_is_never_stripped",),
    ),
    Mutation(
        "log-out links are not followed where the crawl is logged in",
        "policy/admission.py",
        "        if reason is None and self._sessions is not None:\n"
        "            return logout.refusal(url, self._sessions)\n"
        "        return reason\n\n    def trap",
        "        return reason\n\n    def trap",
        ("tests/unit/policy/test_admission.py", "tests/unit/policy/test_sites.py"),
    ),
]
