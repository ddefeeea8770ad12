"""Guards of reading kept bodies again, and of telling what changed between visits."""

from tests.mutations.mutation import Mutation

REPARSING = "tests/unit/pipeline/test_reparsing.py"
REPARSE = "tests/e2e/test_reparse.py"
CHANGES = "tests/unit/cli/test_inspect_changes.py"
DIFF = "tests/unit/cli/test_diff.py"
TEXTS = "tests/unit/cli/test_diff_texts.py"
CREW = "tests/component/test_crew.py"

MUTATIONS = [
    Mutation(
        "what the crawl did not read is not read again",
        "pipeline/reparsing/reparsing.py",
        'record.get("kind") != "requisite"',
        "True",
        (f"{REPARSING}::test_what_was_not_read_by_the_crawl_is_not_read_now",),
    ),
    Mutation(
        "a body of another page is not taken",
        "pipeline/reparsing/reparsing.py",
        'if made["content_hash"] != record["content_hash"]:',
        "if False:",
        (f"{REPARSING}::test_a_body_of_another_page_is_not_taken",),
    ),
    Mutation(
        "what was fetched stays",
        "pipeline/reparsing/reparsing.py",
        "if key in READ_KEYS or key not in record else",
        "if True else",
        (f"{REPARSING}::test_what_is_read_is_new_and_what_was_fetched_stays",),
    ),
    Mutation(
        "a missing part of bodies is no damaged body",
        "pipeline/reparsing/reparsing.py",
        '                    self._check_part(record["warc"])',
        "                    pass",
        (f"{REPARSING}::test_a_missing_part_is_no_damaged_body",),
    ),
    Mutation(
        "a part is there as a whole or not at all",
        "pipeline/reparsing/run.py",
        '        self._temporary = path.with_name(f".{path.name}.new")',
        "        self._temporary = path",
        (f"{REPARSE}::test_killed_at_any_moment_it_goes_on",),
        slow=True,
    ),
    Mutation(
        "a part that grew is made again",
        "pipeline/reparsing/receipt.py",
        'if entry is None or entry["source_bytes"] != source_bytes:',
        "if entry is None:",
        ("tests/e2e/test_reparse_crawl.py::test_it_works_while_the_crawl_runs",),
        slow=True,
    ),
    Mutation(
        "other settings of reading are refused",
        "pipeline/reparsing/receipt.py",
        '        if others and found["parts"]:',
        "        if False:",
        (f"{REPARSE}::test_other_settings_need_a_word",),
        slow=True,
    ),
    Mutation(
        "answers of a crew come in order",
        "dealer/crew.py",
        "                answers[number] = answer",
        "                answers[next_number + len(answers)] = answer",
        (f"{CREW}::test_answers_come_in_the_order_of_the_jobs",),
    ),
    Mutation(
        "no job of a crew is left out",
        "dealer/crew.py",
        "        while job is not None or busy:",
        "        while busy or next_number == 0:",
        (f"{CREW}::test_no_job_is_left_out_when_all_wait_for_the_first",),
    ),
    Mutation(
        "jobs of a crew are taken as they are needed",
        "dealer/crew.py",
        "while free and job is not None and job[0] - next_number < _WAITING * len(self._ours):",
        "while free and job is not None:",
        (f"{CREW}::test_jobs_are_taken_as_they_are_needed",),
    ),
    Mutation(
        "a change is told against what there was",
        "cli/looking/changes.py",
        'if not isinstance(status, int) or status == 304 or record.get("unchanged"):',
        "if not isinstance(status, int):",
        (f"{CHANGES}::test_a_change_is_told_against_the_last_visit_that_brought_a_page",),
    ),
    Mutation(
        "the newest changes are listed",
        "cli/looking/changes.py",
        "            heappushpop(self._kept, entry)",
        "            pass",
        (f"{CHANGES}::test_the_newest_are_listed_whatever_the_order",),
    ),
    Mutation(
        "a visit without a page stands for the one before",
        "cli/comparing/visits.py",
        "    return earlier[-1] if earlier else number",
        "    return number",
        (f"{DIFF}::test_a_visit_without_a_page_stands_for_the_one_before",),
    ),
    Mutation(
        "long texts are compared in few steps",
        "cli/comparing/texts.py",
        "MAX_GAP = 1_000",
        "MAX_GAP = 3_000",
        (f"{TEXTS}::test_long_texts_are_compared_in_few_steps",),
    ),
    Mutation(
        "matched lines do not cross",
        "cli/comparing/texts.py",
        "        length = bisect_left(tops, number)",
        "        length = len(tops)",
        (f"{TEXTS}::test_unique_lines_in_any_order",),
    ),
]
