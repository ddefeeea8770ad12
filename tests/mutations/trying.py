"""Guards of trying one URL, and of what is kept of it."""

from tests.mutations.mutation import Mutation

TRY = "tests/component/test_try.py"
KEPT = "tests/component/test_http_cache.py"

MUTATIONS = [
    Mutation(
        "a try obeys robots.txt",
        "pipeline/trying/trying.py",
        '            case "forbidden":\n                return refused("robots", hop)\n',
        "",
        (f"{TRY}::test_robots_forbids_and_names_the_line",),
    ),
    Mutation(
        "a try does not go around a robots.txt that fails",
        "pipeline/trying/robots.py",
        'if answer.verdict == "defer":',
        'if answer.verdict == "never":',
        (f"{TRY}::test_a_robots_txt_that_fails_puts_the_page_off",),
    ),
    Mutation(
        "a try asks for nothing that is out of scope",
        "pipeline/trying/trying.py",
        "None if link.seed or link.chain else hop.scope.rule or hop.trap",
        "None",
        (f"{TRY}::test_what_a_crawl_would_not_take_is_not_asked_for",),
    ),
    Mutation(
        "a try keeps the delay of a host",
        "pipeline/turns.py",
        "            await asyncio.sleep(wait_ms / 1000)\n",
        "",
        (f"{TRY}::test_the_delay_of_a_host_is_kept_between_all_requests",),
    ),
    Mutation(
        "a try obeys a Crawl-delay",
        "pipeline/trying/trying.py",
        "            self._turns.slow_down(item.host, answer.crawl_delay_ms)\n",
        "",
        (f"{TRY}::test_the_delay_of_a_host_is_kept_between_all_requests",),
    ),
    Mutation(
        "a try sends headers to named hosts only",
        "pipeline/trying/trying.py",
        "headers = self._plan.headers if origin(item.url) in self._named_origins else ()",
        "headers = self._plan.headers",
        (f"{TRY}::test_headers_go_to_the_named_host_only",),
    ),
    Mutation(
        "a try shows no cookie that a site sets",
        "pipeline/trying/outcomes.py",
        'HIDDEN if k == "set-cookie" else v',
        "v",
        (f"{TRY}::test_cookies_that_a_site_sets_are_not_shown",),
    ),
    Mutation(
        "a link that robots.txt forbids is not called kept",
        "pipeline/trying/links.py",
        'return None if rules is None or rules.allows(url) else "robots"',
        "return None",
        (f"{TRY}::test_every_link_is_kept_or_refused_with_its_reason",),
    ),
    Mutation(
        "a default is not taken for a find",
        "pipeline/trying/fields.py",
        "required=False, default=None)",
        "required=False)",
        ("tests/component/test_try_fields.py::test_a_default_is_not_taken_for_a_find",),
    ),
    Mutation(
        "kept answers are those of the same agent, headers and cookies",
        "fetch/kept.py",
        "parts = [_FORMAT, url, *self._identity, cap, sorted(headers)]",
        "parts = [_FORMAT, url, cap]",
        (f"{KEPT}::test_who_asks_otherwise_is_answered_by_the_server",),
    ),
    Mutation(
        "passing troubles are not kept",
        "fetch/kept.py",
        "        if result.status in RETRY_STATUSES:",
        "        if False:",
        (f"{KEPT}::test_passing_troubles_are_not_kept",),
    ),
    Mutation(
        "no cookie is kept instead of being set",
        "fetch/kept.py",
        "return site is None or not site.cookie_jar",
        "return True",
        (f"{KEPT}::test_what_sets_a_cookie_is_asked_again_where_there_is_a_jar",),
    ),
    Mutation(
        "kept answers are private",
        "cache/files.py",
        "os.O_NOFOLLOW, 0o600",
        "os.O_NOFOLLOW, 0o666",
        (f"{KEPT}::test_entries_are_private_and_name_nothing",),
    ),
    Mutation(
        "no cookie is written to the cache",
        "cache/responses.py",
        'frozenset({"set-cookie"})',
        "frozenset()",
        (f"{KEPT}::test_entries_are_private_and_name_nothing",),
    ),
    Mutation(
        "a damaged entry is none",
        "cache/files.py",
        "return value if sha256(value).hexdigest() == digest else None",
        "return value",
        (f"{KEPT}::test_a_damaged_entry_is_none",),
    ),
    Mutation(
        "kept answers expire",
        "cache/files.py",
        "if version != _FORMAT or is_old or length != len(value):",
        "if version != _FORMAT or length != len(value):",
        (f"{KEPT}::test_old_entries_expire",),
    ),
    Mutation(
        "kept answers have a limit",
        "cache/files.py",
        "        self._make_room()\n",
        "",
        (f"{KEPT}::test_the_cache_does_not_grow_without_end",),
    ),
    Mutation(
        "a cache of another user is not trusted",
        "cache/files.py",
        "if found.st_uid != os.geteuid():",
        "if False:",
        (f"{KEPT}::test_a_foreign_directory_is_not_trusted",),
    ),
]
