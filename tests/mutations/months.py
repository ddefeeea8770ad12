"""Guards of parts that are packed, shipped, pruned and backed up."""

from tests.mutations.mutation import Mutation

CARE = "tests/component/test_aftercare.py"
SEALED = "tests/contract/test_frontier_sealed.py"
MONTHS = "tests/e2e/test_months.py"

MUTATIONS = [
    Mutation(
        "what was packed is read back before it counts",
        "sink/packing.py",
        "if _read_back(target, size) != digest:",
        "if False:",
        ("tests/unit/sink/test_packed.py::test_what_does_not_read_back_is_not_kept",),
    ),
    Mutation(
        "of two forms the one that is whole is kept",
        "pipeline/recovery.py",
        "is_packed = packed == part.bytes > 0 and",
        "is_packed = part.packed is not None and",
        (f"{CARE}::test_the_form_that_is_whole_is_kept_whatever_the_store_says",),
    ),
    Mutation(
        "a packed form that the store does not know goes only if the plain one is whole",
        "pipeline/recovery.py",
        "(part.packed is not None or plain < part.bytes)",
        "part.packed is not None",
        (f"{CARE}::test_the_form_that_is_whole_is_kept_whatever_the_store_says",),
    ),
    Mutation(
        "a part that was pruned while it was packed leaves no file",
        "pipeline/upkeep/aftercare.py",
        "packer.remove_other(keep_packed=is_kept)",
        "packer.remove_other(keep_packed=True)",
        (f"{CARE}::test_what_is_pruned_while_it_is_packed_leaves_no_file",),
    ),
    Mutation(
        "a shipped part that was taken away is no loss",
        "pipeline/recovery.py",
        "if not part.shipped or",
        "if True or",
        (f"{CARE}::test_what_was_taken_away_later_is_no_loss_either",),
    ),
    Mutation(
        "a part that is missing and was not shipped ends the start",
        "pipeline/recovery.py",
        "if not part.shipped or",
        "if",
        (f"{CARE}::test_a_packed_part_that_is_missing_ends_the_start",),
    ),
    Mutation(
        "the command sees none of our secrets",
        "pipeline/upkeep/part_shipper.py",
        "if not name.upper().startswith(ours)",
        "if True",
        (f"{CARE}::test_the_command_does_not_see_what_is_ours",),
    ),
    Mutation(
        "a failed command is not tried before it is due",
        "frontier/sql/sqlite/sealed.sql",
        "AND ship_due <= ?1 ",
        "",
        (f"{SEALED}::test_shipping_is_tried_again_when_it_is_due",),
    ),
    Mutation(
        "a part that a kept one needs is kept, over any number of steps",
        "frontier/sqlite_sealed.py",
        "    while needed :=",
        "    if needed :=",
        (f"{SEALED}::test_what_other_parts_point_into_is_kept",),
    ),
    Mutation(
        "no record points into a pruned part",
        "frontier/sqlite_commit.py",
        "            if gone:\n",
        "            if False:\n",
        (f"{SEALED}::test_bodies_of_pruned_parts_are_stored_anew",),
    ),
    Mutation(
        "a body of a pruned part is not found",
        "frontier/sql/sqlite/store.sql",
        "WHERE bodies.content_hash = ?1 AND pruned = 0;",
        "WHERE bodies.content_hash = ?1;",
        (f"{SEALED}::test_bodies_of_pruned_parts_are_stored_anew",),
    ),
    Mutation(
        "prune keeps what nobody has taken",
        "pipeline/upkeep/pruning.py",
        "elif part.shipped is False and not force:",
        "elif False:",
        (f"{MONTHS}::test_a_command_that_failed_gets_the_parts_in_the_next_run",),
        slow=True,
    ),
    Mutation(
        "a damaged backup makes no job",
        "pipeline/upkeep/backing_up.py",
        "if found != known:",
        "if False:",
        (f"{MONTHS}::test_a_damaged_backup_makes_no_job",),
        slow=True,
    ),
    Mutation(
        "a backup that was broken off makes no job",
        "job/backup.py",
        'if mark.get("complete") is not True:',
        "if False:",
        (f"{MONTHS}::test_a_broken_off_backup_is_not_restored",),
        slow=True,
    ),
]
