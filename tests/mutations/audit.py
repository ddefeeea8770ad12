"""Guards of the audit, and of what a report shows of a hostile site."""

from tests.mutations.mutation import Mutation

ASKING = "tests/component/test_asking.py"
EXTERNAL = "tests/e2e/test_report_external.py"
KEEPING = "tests/unit/audit/test_keeping.py"
METADATA = "tests/unit/extract/test_metadata.py"
PAGE = "tests/e2e/test_report_page.py"
REPORT = "tests/e2e/test_report.py"
VISITS = "tests/unit/audit/test_visits.py"

MUTATIONS = [
    Mutation(
        "a report asks a host for one thing at a time",
        "audit/asking.py",
        "        async with self._locks[host]:\n",
        "        if self._locks is not None:\n",
        (f"{ASKING}::test_a_host_has_one_request_at_a_time_and_its_delay_between_two",),
    ),
    Mutation(
        "a report keeps the delay of a host that is linked to",
        "audit/asking.py",
        "            await self._turns.take(host)\n",
        "",
        (f"{ASKING}::test_a_host_has_one_request_at_a_time_and_its_delay_between_two",),
    ),
    Mutation(
        "a report obeys robots.txt of those that are linked to",
        "audit/asking.py",
        '                return "robots"\n',
        "                return None\n",
        (f"{ASKING}::test_robots_txt_of_every_origin_is_obeyed_whatever_the_crawl_does",),
    ),
    Mutation(
        "a report leaves alone who asks to slow down",
        "audit/asking.py",
        "                    self._left_alone.add(host_key(url))\n",
        "                    pass\n",
        (f"{ASKING}::test_who_says_slow_down_is_left_alone",),
    ),
    Mutation(
        "a report without a network calls no link broken",
        "audit/keeping.py",
        "        if len(self._reached) * _FEW <= len(dead):\n",
        "        if not dead:\n",
        (f"{KEEPING}::test_names_without_an_address_are_broken_links_only_if_others_have_one",),
    ),
    Mutation(
        "a report keeps no refusal of its own",
        "audit/keeping.py",
        "        if answer.error == REFUSED:\n",
        '        if answer.error == "nothing":\n',
        (f"{EXTERNAL}::test_a_report_reaches_what_the_crawl_might_and_forgets_what_it_refused",),
        slow=True,
    ),
    Mutation(
        "a report asks for nothing that was excluded",
        "audit/external.py",
        "        and admission.scope.exclusion(url) is None\n",
        "",
        (f"{EXTERNAL}::test_what_was_excluded_is_not_asked_for",),
        slow=True,
    ),
    Mutation(
        "a report asks no host that a person paused",
        "audit/crawl.py",
        "                if halted:\n",
        "                if host is None:\n",
        (f"{EXTERNAL}::test_a_host_that_is_paused_is_not_asked_either",),
        slow=True,
    ),
    Mutation(
        "a report asks for canonical addresses wherever they lie",
        "audit/external.py",
        '        if (speaks or admission.scope.refusal(url) == "scope")\n',
        '        if admission.scope.refusal(url) == "scope"\n',
        (f"{EXTERNAL}::test_canonicals_and_languages_that_nobody_fetched_are_asked_for",),
        slow=True,
    ),
    Mutation(
        "canonical addresses of the Link header are seen",
        "extract/metadata.py",
        "        canonicals = list(dict.fromkeys((*canonicals, *by_header)))\n",
        "        canonicals = list(canonicals)\n",
        (f"{METADATA}::test_several_canonical_addresses_are_all_named_and_one_is_not",),
    ),
    Mutation(
        "a report escapes what a site says",
        "cli/reporting/findings.py",
        "{escape(printable(text))}",
        "{printable(text)}",
        (f"{PAGE}::test_a_hostile_site_is_shown_and_does_nothing",),
        slow=True,
    ),
    Mutation(
        "a report lets nobody click what is no web address",
        "cli/reporting/findings.py",
        'if text.startswith(("http://", "https://")) and " " not in text:',
        'if ":" in text:',
        (f"{PAGE}::test_a_hostile_site_is_shown_and_does_nothing",),
        slow=True,
    ),
    Mutation(
        "a report fits a telephone",
        "cli/assets/report.css",
        "  table, tbody, tr, td { display: block; }\n",
        "",
        (f"{PAGE}::test_a_hostile_site_is_shown_and_does_nothing",),
        slow=True,
    ),
    Mutation(
        "a cell of a report is no formula",
        "cli/reporting/csv.py",
        '        return "\'" + value\n',
        "        return value\n",
        (f"{REPORT}::test_csv_files_have_every_row_and_no_formula",),
        slow=True,
    ),
    Mutation(
        "a report sees committed lines only",
        "cli/reporting/parts.py",
        "        size = source_bytes(source)\n",
        "        size = source_bytes(Source(source.path))\n",
        (f"{REPORT}::test_only_committed_lines_count_in_parts_as_written_or_packed",),
        slow=True,
    ),
    Mutation(
        "a 304 stands for the page before it in a report",
        "audit/sql/load.sql",
        "WHERE v.visit = l.last_visit OR (l.last_status = 304 AND v.status BETWEEN 200 AND 299)",
        "WHERE v.visit = l.last_visit",
        (f"{VISITS}::test_the_last_visit_counts_and_a_304_means_the_page_before_it",),
    ),
    Mutation(
        "a sitemap's pages are known as such though a link led there first",
        "pipeline/committer.py",
        "        listed=[url for settlement in settlements for url in settlement.listed],\n",
        "",
        (f"{REPORT}::test_sitemaps_are_compared_with_links_both_ways",),
        slow=True,
    ),
]
