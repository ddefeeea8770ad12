"""Faults in keeping bodies that tests must find."""

from tests.mutations.mutation import Mutation

PART = "tests/unit/sink/test_part.py"
WARC = "tests/unit/sink/test_warc.py"
OPEN = "tests/unit/sink/test_bodies.py"
LAYOUT = "tests/unit/pipeline/test_bodies.py"
CAPTURE = "tests/unit/fetch/test_capture.py"
SETTLE = "tests/contract/test_frontier_settle.py"

MUTATIONS = [
    Mutation(
        "bodies are cut back where their lines found no space",
        "sink/part.py",
        "            self.cut_back()\n            raise",
        "            raise",
        (f"{PART}::test_a_full_disk_leaves_both_as_they_were",),
    ),
    Mutation(
        "the head of the bodies is committed with the first batch",
        "sink/part.py",
        "        self._committed = (0, 0)",
        "        self._committed = (0, 0 if head is None else len(head))",
        (f"{PART}::test_marks_go_from_what_is_committed",),
    ),
    Mutation(
        "headers of a coding do not hold for a decoded body",
        "sink/warc.py",
        "        kept = name if holds or name.lower() not in _REPLACED else b",
        "        kept = name if holds or True else b",
        (f"{WARC}::test_headers_hold_for_the_stored_body",),
    ),
    Mutation(
        "a body that is not the stored one is refused",
        "sink/bodies.py",
        '    if digest != f"sha256:{sha256(body).hexdigest()}":',
        "    if digest is None:",
        (f"{OPEN}::test_damage_is_one_line",),
    ),
    Mutation(
        "a pointer names the whole member",
        "sink/bodies.py",
        "    if not unpacker.eof or unpacker.unused_data:",
        "    if not unpacker.eof:",
        (f"{OPEN}::test_a_pointer_over_two_members_names_neither",),
    ),
    Mutation(
        "a part knows on which others it leans",
        "pipeline/bodies.py",
        "                self.refers_to.add(stored.part_id)",
        "                pass",
        (f"{LAYOUT}::test_a_body_is_stored_once_and_opened_from_each_record",),
    ),
    Mutation(
        "a 304 is not the body of its page",
        "pipeline/packing.py",
        "content_hash is not None and result.status != 304",
        "content_hash is not None",
        (f"{LAYOUT}::test_not_modified_points_to_the_body_before",),
    ),
    Mutation(
        "headers that a person gave are not kept",
        "fetch/capture.py",
        "        self._secret = frozenset(_SECRETS).union(name.lower() for name in given)",
        "        self._secret = frozenset(_SECRETS)",
        (f"{CAPTURE}::test_what_a_person_gave_is_not_kept",),
    ),
    Mutation(
        "cookies that came are not kept",
        "fetch/capture.py",
        '        case b"set-cookie" | b"set-cookie2":',
        '        case b"set-cookie2":',
        (f"{CAPTURE}::test_cookies_and_credentials_that_came_are_not_kept",),
    ),
    Mutation(
        "the end of the bodies is fenced",
        "frontier/sql/sqlite/store.sql",
        "WHERE id = ?4 AND sealed = 0 AND bytes = ?5 AND store_bytes = ?7;",
        "WHERE id = ?4 AND sealed = 0 AND bytes = ?5 AND ?7 = ?7;",
        (f"{SETTLE}::test_the_end_of_the_bodies_is_fenced_like_that_of_the_lines",),
    ),
    Mutation(
        "parts that lean on a lost one come back with it",
        "frontier/sql/sqlite/store.sql",
        "SELECT ?1 UNION SELECT part_refs.part FROM part_refs JOIN leaning ON refers_to = leaning.id",
        "SELECT ?1 UNION SELECT part_refs.part FROM part_refs WHERE refers_to = ?1",
        (f"{SETTLE}::test_parts_that_point_into_a_lost_one_come_back_with_it",),
    ),
]
