"""Guards of callbacks: code of others on our own thread."""

from tests.mutations.mutation import Mutation

CALLS = "tests/unit/pipeline/test_callbacks.py"
GUARD = "tests/unit/pipeline/test_time_guard.py"
LOADING = "tests/unit/pipeline/test_callback_loading.py"
COMMITTER = "tests/unit/pipeline/test_committer.py"

MUTATIONS = [
    Mutation(
        "the loop has a turn after a call that blocked it",
        "pipeline/callbacks/time_guard.py",
        "if self._busy_s > _BUSY_S:",
        "if False:",
        (f"{GUARD}::test_the_loop_has_a_turn_after_each_call_that_blocked_it",),
    ),
    Mutation(
        "what a callback prints is no data",
        "pipeline/callbacks/time_guard.py",
        "stdout, sys.stdout = sys.stdout, sys.stderr",
        "stdout, sys.stdout = sys.stdout, sys.stdout",
        (f"{CALLS}::test_what_it_prints_is_no_data",),
    ),
    Mutation(
        "an exception of a callback costs its fields only",
        "pipeline/callbacks/callbacks.py",
        "        except BaseException as error:",
        "        except ValueError as error:",
        (f"{CALLS}::test_what_goes_wrong_is_one_line_and_costs_nothing_else",),
    ),
    Mutation(
        "fields are copied",
        "pipeline/callbacks/callbacks.py",
        "    return orjson.loads(encoded)  # type: ignore[no-any-return]",
        "    return given",
        (f"{CALLS}::test_a_callback_cannot_change_its_fields_afterwards",),
    ),
    Mutation(
        "a file of the user stands in for no module of ours",
        "pipeline/callbacks/loading.py",
        "if top in sys.stdlib_module_names or (",
        "if False and (",
        (f"{LOADING}::test_a_file_cannot_stand_in_for_a_module_of_ours",),
    ),
    Mutation(
        "links of a callback are known at their own depth",
        "pipeline/committer.py",
        "self._known.add((link.url,), link.depth)",
        "self._known.add((link.url,), 0)",
        (f"{COMMITTER}::test_what_a_callback_asks_for_is_committed_as_asked",),
    ),
]
