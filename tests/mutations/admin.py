"""Guards of the admin server and of what it counts."""

from tests.mutations.mutation import Mutation

ACCESS = "tests/unit/admin/test_access.py"
ADMIN = "tests/component/test_admin.py"
CRAWL = "tests/e2e/test_admin.py"
PROGRESS = "tests/unit/pipeline/test_progress.py"

MUTATIONS = [
    Mutation(
        "a forked process keeps no socket of the server",
        "admin/door.py",
        "            os.register_at_fork(after_in_child=_close_in_child)",
        "            pass",
        (f"{ADMIN}::test_a_process_that_is_forked_keeps_no_socket_of_it",),
    ),
    Mutation(
        "a start whose port is taken moves no job aside",
        "admin/running.py",
        "        listen_at(host, int(port)).close()",
        "        pass",
        (f"{CRAWL}::test_a_start_afresh_leaves_the_job_where_it_is_if_the_port_is_taken",),
        slow=True,
    ),
    Mutation(
        "no more requests are let in than the crawl can bear",
        "admin/door.py",
        "        if self._left < 1:",
        "        if False:",
        (f"{ADMIN}::test_no_more_are_let_in_than_the_crawl_can_bear",),
    ),
    Mutation(
        "no more connections are open than may be",
        "admin/door.py",
        "        if len(self._open) >= MOST_OPEN:",
        "        if False:",
        (f"{ADMIN}::test_more_than_may_come_in_wait_outside",),
    ),
    Mutation(
        "who never finishes a request is cut",
        "admin/server.py",
        "        self._cut_after(HEAD_S, handler, transport)",
        "        pass",
        (f"{ADMIN}::test_who_never_finishes_a_request_is_cut",),
    ),
    Mutation(
        "a slow reader gets a piece at a time",
        "admin/server.py",
        "range(0, len(body), _CHUNK_BYTES)",
        "range(0, len(body), len(body))",
        (f"{ADMIN}::test_who_does_not_read_holds_no_memory_and_is_cut",),
    ),
    Mutation(
        "the Host header names this machine",
        "admin/access.py",
        "            if host is not None and is_loopback(_without_port(host)):",
        "            if True:",
        (ACCESS, f"{ADMIN}::test_a_stranger_under_a_name_of_its_own_is_refused"),
    ),
    Mutation(
        "only reading methods",
        "admin/access.py",
        '        if method not in ("GET", "HEAD"):',
        "        if False:",
        (f"{ACCESS}::test_nothing_can_be_changed",),
    ),
    Mutation(
        "the login leads to this server",
        "admin/access.py",
        '        if path.startswith("//") or "\\\\" in path:',
        "        if False:",
        (f"{ACCESS}::test_the_way_back_stays_here",),
    ),
    Mutation(
        "others are served only with a token",
        "conf/plan.py",
        "    if address is not None and token is None and not is_loopback(",
        "    if False and not is_loopback(",
        ("tests/unit/conf/test_plan.py::test_others_are_served_only_with_a_token",),
    ),
    Mutation(
        "an answer is made once for all who ask",
        "admin/cached.py",
        "        if held is not None and",
        "        if False and",
        (f"{ADMIN}::test_an_answer_is_made_once_for_all_who_ask",),
    ),
    Mutation(
        "claims alone are no progress",
        "pipeline/watching/progress.py",
        '_EVENTS = ("records", "retries", "sitemaps", "dead")',
        '_EVENTS = ("records", "retries", "sitemaps", "dead", "leased")',
        (f"{PROGRESS}::test_claims_and_bytes_alone_are_none",),
    ),
    Mutation(
        "a try is progress",
        "pipeline/watching/progress.py",
        "    return settled + robots + tries",
        "    return settled + robots",
        (f"{PROGRESS}::test_a_try_is_progress_though_nothing_is_settled",),
    ),
    Mutation(
        "what a dead reader counted stays counted",
        "dealer/fleet.py",
        "        self._past = [n + m for n, m in zip(self._past, reader.region.measures, strict=True)]\n",
        "",
        ("tests/component/test_dealer_state.py::test_what_readers_measured_outlives_them",),
    ),
]
