"""What systemd and probes are told."""

from tests.mutations.mutation import Mutation

ANNOUNCING = "tests/unit/pipeline/test_announcing.py"
SERVICE = "tests/unit/test_service.py"
HEALTH = "tests/component/test_health.py"

MUTATIONS = [
    Mutation(
        "a loop that turns is no sign of life",
        "pipeline/watching/announcing.py",
        "self._alive() if anchor is snapshot",
        "self._alive() if anchor is not None",
        (f"{ANNOUNCING}::test_only_progress_is_a_sign_of_life",),
    ),
    Mutation(
        "who ends with nothing left to do was ready",
        "pipeline/watching/announcing.py",
        "        self._be_ready()\n        self._is_stopping = True",
        "        self._is_stopping = True",
        (f"{ANNOUNCING}::test_who_ends_in_order_was_ready",),
    ),
    Mutation(
        "a reload does not look like the end of the service",
        "pipeline/watching/announcing.py",
        " and not self._is_reloading and _is_cut_short",
        " and _is_cut_short",
        (f"{ANNOUNCING}::test_a_reload_is_not_the_end",),
    ),
    Mutation(
        "no process that we start speaks for the service",
        "service.py",
        'environ.pop(name, "")',
        'environ.get(name, "")',
        (f"{SERVICE}::test_the_environment_is_read_and_cleared",),
    ),
    Mutation(
        "a crawl that gets nowhere is not healthy",
        "cli/commands/health.py",
        "return answer.status == 200, ",
        "return True, ",
        (f"{HEALTH}::test_the_crawl_says_how_it_is",),
        slow=True,
    ),
]
