"""Guards of what looks at a crawl: SQL, filters, exports."""

from tests.mutations.mutation import Mutation

SQL = "tests/unit/cli/test_sql.py"
CELLS = "tests/unit/cli/test_csv_cells.py"
EXPORT = "tests/unit/cli/test_export.py"
KILLED = "tests/e2e/test_export_killed.py"
FILTER = "tests/unit/cli/test_record_filter.py"

MUTATIONS = [
    Mutation(
        "SQL never sees bytes that are not committed",
        "cli/records/files.py",
        "return size if source.limit is None else min(size, source.limit)",
        "return size",
        (f"{SQL}::test_bytes_that_are_not_committed_are_never_seen",),
    ),
    Mutation(
        "a query opens no file",
        "cli/sql/engine.py",
        '("enable_external_access", "false"),',
        "",
        (f"{SQL}::test_a_query_opens_no_file_and_no_network",),
    ),
    Mutation(
        "a query cannot change what it is confined by",
        "cli/sql/engine.py",
        'connection.execute("SET lock_configuration = true")',
        "pass",
        (f"{SQL}::test_a_query_opens_no_file_and_no_network",),
    ),
    Mutation(
        "--sql takes one SELECT",
        "cli/sql/engine.py",
        "statements[0].type != duckdb.StatementType.SELECT",
        "False",
        (f"{SQL}::test_only_one_select_is_taken",),
    ),
    Mutation(
        "no cell of CSV starts a formula",
        "cli/csv_cells.py",
        'return "\'" + value if value.startswith(STARTS) else value',
        "return value",
        (f"{CELLS}::test_a_text_that_begins_a_formula_is_text",),
    ),
    Mutation(
        "an export takes nobody's place",
        "cli/exporting/target.py",
        "path.hardlink_to(temporary)",
        "temporary.replace(path)",
        (f"{EXPORT}::test_one_that_appears_meanwhile_is_not_overwritten",),
    ),
    Mutation(
        "a failed export leaves nothing behind",
        "cli/exporting/draft.py",
        "made.unlink()",
        "pass",
        (f"{EXPORT}::test_what_fails_leaves_nothing_behind",),
    ),
    Mutation(
        "an export that SIGTERM ends leaves nothing behind",
        "cli/unwinding.py",
        "signal.signal(number, _end)",
        "pass",
        (f"{KILLED}::test_a_signal_leaves_nothing",),
    ),
    Mutation(
        "an export that others make is not taken for stale",
        "cli/exporting/draft.py",
        "fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "pass",
        (f"{KILLED}::test_what_a_killed_one_left_goes_with_the_next_and_nothing_else",),
    ),
    Mutation(
        "an error that no record can have is refused",
        "cli/records/record_filter.py",
        "if not is_of_others and (unknown",
        "if is_of_others and (unknown",
        (f"{FILTER}::test_what_no_record_can_have_is_refused",),
    ),
]
