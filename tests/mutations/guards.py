"""Guards of a crawl that runs for months: disk, memory, log."""

from tests.mutations.mutation import Mutation

DEALER = "tests/component/test_dealer.py"
LOGS = "tests/unit/test_logs.py"
MEMORY = "tests/unit/dealer/test_memory.py"
DISK = "tests/unit/pipeline/test_disk_guard.py"

MUTATIONS = [
    Mutation(
        "claims stop before the disk is full",
        "pipeline/disk_guard.py",
        "                holds.add(HOLD)\n",
        "",
        (f"{DISK}::test_claims_stop_below_the_least_and_go_on_a_tenth_above",),
    ),
    Mutation(
        "a crawl does not turn with every page at the edge of a full disk",
        "pipeline/disk_guard.py",
        "GO_ON_SHARE = 1.1",
        "GO_ON_SHARE = 1.0",
        (f"{DISK}::test_claims_stop_below_the_least_and_go_on_a_tenth_above",),
    ),
    Mutation(
        "a hold keeps the writer from claiming",
        "pipeline/node.py",
        "if self._claims_nothing or self.holds or desired <= 0:",
        "if self._claims_nothing or desired <= 0:",
        ("tests/e2e/test_storage.py::test_a_crawl_waits_before_the_disk_is_full",),
        slow=True,
    ),
    Mutation(
        "a reader that outgrew is replaced",
        "dealer/memory.py",
        "                reader.sink.send((Down.STOP.value,))\n",
        "",
        (f"{MEMORY}::test_one_beyond_the_limit_ends_in_order_and_is_asked_once",),
    ),
    Mutation(
        "a page that takes all memory is to blame",
        "dealer/memory.py",
        "                reader.ended_on_purpose = False\n",
        "",
        (f"{MEMORY}::test_one_at_twice_the_limit_is_killed_and_blamed",),
    ),
    Mutation(
        "one reader can be asked to end alone",
        "dealer/inbox.py",
        "        if self.stopped.is_set():\n            return _END",
        "        if False:\n            return _END",
        (
            "tests/component/test_dealer.py::test_a_reader_that_outgrew_is_replaced_and_loses_nothing",
        ),
        slow=True,
    ),
    Mutation(
        "repeats are not written",
        "logs/__init__.py",
        "        raise _structlog().DropEvent",
        "        return event",
        (f"{LOGS}::test_repeats_are_counted_not_written",),
    ),
    Mutation(
        "two processes do not begin the log anew at once",
        "logs/file.py",
        "            if is_ours and found.st_size and self._is_named(found):",
        "            if is_ours and found.st_size:",
        (f"{LOGS}::test_a_log_that_another_process_renames_meanwhile_is_not_renamed_again",),
    ),
    Mutation(
        "a name that is too long is a person's mistake",
        "job/directory.py",
        '        raise ConfigError(f"{path}: {error.strerror}") from None\n    return True',
        "        raise\n    return True",
        ("tests/unit/job/test_directory.py::test_a_name_that_is_too_long",),
    ),
    Mutation(
        "settings whose program is not there are refused before they hold",
        "pipeline/renewing.py",
        "        split_command(plan.on_part_sealed)",
        "        _ = split_command",
        ("tests/e2e/test_cli_config.py::test_bad_input_is_one_line_and_code_2",),
    ),
    Mutation(
        "what the watchdog says has the run",
        "dealer/watchdog.py",
        "target=bound.run, args=(self._watch,)",
        "target=self._watch",
        (f"{DEALER}::test_blocked_reader_is_killed_and_the_other_goes_on",),
    ),
]
