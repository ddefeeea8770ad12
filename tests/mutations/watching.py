"""What people see of a crawl: progress, `status --watch`, the dashboard."""

from tests.mutations.mutation import Mutation

PROGRESS = "tests/unit/cli/test_progress.py"
LOGS = "tests/unit/test_logs.py"
LIVE = "tests/e2e/test_live.py::test_a_crawl_is_watched_stopped_killed_and_watched_again"
PAGE = "tests/e2e/test_dashboard.py::test_a_person_sees_the_crawl_and_nobody_else_can"

MUTATIONS = [
    Mutation(
        "a host's name cannot act on the terminal that shows progress",
        "cli/live/lines.py",
        "crop_middle(printable(host.host), ",
        "crop_middle(host.host, ",
        (f"{PROGRESS}::test_a_name_of_a_host_cannot_act_on_the_terminal",),
    ),
    Mutation(
        "progress fits its terminal",
        "cli/live/lines.py",
        "        width -= cells(part)\n",
        "",
        (f"{PROGRESS}::test_the_live_view_fits_any_terminal",),
    ),
    Mutation(
        "readers do not write into a view",
        "logs/__init__.py",
        "            elif self.children_write:",
        "            else:",
        (f"{LOGS}::test_what_children_log_stays_out_of_a_view_and_is_printed_by_it",),
    ),
    Mutation(
        "progress hears of a stop",
        "dealer/run.py",
        "        self._node.wind_down(int((kill_at - self._loop.time()) * 1000))\n",
        "",
        ("tests/component/test_dealer_end.py::test_the_node_hears_that_its_run_winds_down",),
    ),
    Mutation(
        "a view leaves the cursor visible",
        "cli/live/screen.py",
        "        self._console.show_cursor()\n",
        "",
        (LIVE,),
        slow=True,
    ),
    Mutation(
        "what the dashboard shows is text",
        "admin/static/dashboard.js",
        "if (node.textContent !== text) node.textContent = text;",
        "node.innerHTML = text;",
        (PAGE, "tests/unit/admin/test_pages.py"),
        slow=True,
    ),
    Mutation(
        "the dashboard's charts are laid out",
        "admin/access.py",
        "style-src 'self' 'unsafe-inline'",
        "style-src 'self'",
        (PAGE,),
        slow=True,
    ),
    Mutation(
        "the dashboard says that the crawl is gone",
        "admin/static/dashboard.js",
        "    lost(error);\n",
        "",
        (PAGE,),
        slow=True,
    ),
]
"""All mutations."""
