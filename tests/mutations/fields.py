"""Guards of fields: what is read, what is bounded, and what is said of it."""

from tests.mutations.mutation import Mutation

FIELDS = "tests/unit/extract/test_fields.py"
TYPES = "tests/unit/extract/test_types.py"
PAGES = "tests/unit/pipeline/test_fields.py"
COVERAGE = "tests/unit/cli/test_inspect_coverage.py"

MUTATIONS = [
    Mutation(
        "values of one page are bounded",
        "extract/fields.py",
        "                page.budget.keep(_size(value))\n",
        "",
        (f"{FIELDS}::test_a_page_cannot_fill_the_record",),
    ),
    Mutation(
        "objects of a listing are bounded",
        "extract/fields.py",
        "for element in elements[:MAX_ITEMS]:",
        "for element in elements:",
        (f"{FIELDS}::test_a_page_cannot_fill_the_record",),
    ),
    Mutation(
        "a missing required field is said",
        "extract/fields.py",
        "            faults.add_missing(rule.name)\n",
        "            pass\n",
        (f"{FIELDS}::test_faults_are_named_and_leave_the_page_its_other_fields",),
    ),
    Mutation(
        "a bare reference in JSON-LD is followed",
        "extract/paths.py",
        "        return self._by_id.get(str(thing",
        "        return thing or self._by_id.get(str(thing",
        (f"{FIELDS}::test_values_come_from_all_sources_in_all_types",),
    ),
    Mutation(
        "JSON-LD has no infinite number",
        "extract/json_ld.py",
        "    return value if math.isfinite(value) else None",
        "    return value",
        (f"{FIELDS}::test_json_of_any_shape_is_survived_and_can_be_written",),
    ),
    Mutation(
        "JSON-LD of a page in UTF-16 is found",
        "extract/json_ld.py",
        '    if b"\\0" in body[:100]:',
        "    if not body:",
        (f"{FIELDS}::test_json_ld_is_found_where_bytes_are_looked_at_first",),
    ),
    Mutation(
        "an error page has no fields",
        "pipeline/fields.py",
        "if not 200 <= result.status < 300:",
        "if result.status >= 500:",
        (f"{PAGES}::test_pages_of_no_table_and_errors_have_none",),
    ),
    Mutation(
        "the first table that matches holds",
        "policy/tables.py",
        "for matches, table in self._tables:",
        "for matches, table in reversed(self._tables):",
        (f"{PAGES}::test_the_first_table_that_matches_holds_alone",),
    ),
    Mutation(
        "a selector is tried before the crawl",
        "pipeline/fields.py",
        "        problems += _bad_selectors(table)\n",
        "",
        (f"{PAGES}::test_all_that_is_no_selector_or_regex_is_named_at_once",),
    ),
    Mutation(
        "a day that can be a month is refused",
        "extract/dates.py",
        "    return _named_month(text) or _mail(text)",
        '    return _named_month(text) or _by_form(text, "%m/%d/%Y")',
        (f"{TYPES}::test_what_can_be_read_in_two_ways_is_refused",
         f"{TYPES}::test_dates_become_iso_8601"),
    ),
    Mutation(
        "a selector that matches nothing shows as 0",
        "cli/looking/coverage.py",
        "        field.asked += 1\n",
        "        field.asked += value not in _EMPTY\n",
        (f"{COVERAGE}::test_a_field_counts_on_the_pages_that_were_asked_for_it",),
    ),
]  # fmt: skip
