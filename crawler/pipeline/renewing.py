"""The settings that a running crawl goes by, and those that are to hold once it has wound down."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from crawler.conf.open_files import raise_file_limit
from crawler.conf.packages import require_packages
from crawler.conf.plan import make_plan
from crawler.conf.renewal import renew
from crawler.errors import CrawlerError
from crawler.logs import get_logger
from crawler.model.plan import Plan
from crawler.pipeline.seeding import can_be_read_again, check_sources

if TYPE_CHECKING:
    from crawler.conf.settings import Settings


def checked_plan(settings: "Settings") -> Plan:
    """Return the plan of settings that this machine can crawl by.

    Raises:
        ConfigError: they cannot be used.
    """
    plan = make_plan(settings)
    require_packages(plan, http=settings.http is not None)
    raise_file_limit(
        processes=settings.num_processes, concurrency=settings.concurrent_tasks_per_process
    )
    if plan.extract:
        from crawler.pipeline.fields import check_extraction

        check_extraction(plan)
    if plan.on_part_sealed is not None:
        from crawler.pipeline.upkeep.part_shipper import split_command

        split_command(plan.on_part_sealed)
    return plan


class LiveSettings:
    """Settings and plan of a crawl whose process may be told to read them again."""

    def __init__(self, settings: "Settings", load: "Callable[[], Settings] | None") -> None:
        self.settings = settings
        self.plan = checked_plan(settings)
        self.seeds = settings.seeds
        """As far as they can still be read."""
        self.load = load
        self._next: tuple[Settings, Plan] | None = None
        self._before: tuple[Settings, Plan] | None = None
        self.has_changed = False
        """Whether others have held."""

    @property
    def are_due(self) -> bool:
        """Whether other settings are to hold."""
        return self._next is not None

    def read_again(self) -> bool:
        """Load them; return whether others are to hold. Those that cannot be used are logged."""
        log = get_logger("crawler.reload")
        if self.load is None:
            return False
        try:
            # Those that are due were read last: what they changed has been told.
            last = self.settings if self._next is None else self._next[0]
            renewal = renew(last, self.load())
            plan = checked_plan(renewal.settings)
            check_sources(renewal.settings.seeds, needed=False)
        except CrawlerError as error:
            log.error("reload_failed", error=str(error))  # noqa: TRY400 - a person's mistake
            return False
        for note in renewal.settings.notes:
            log.warning("setting_noted", note=note)
        if renewal.kept:
            kept = list(renewal.kept)
            log.warning("settings_kept", settings=kept, why="they change with a new start only")
        log.warning("settings_reloaded", changed=list(renewal.changed))
        if self._next is None and not renewal.changed and plan == self.plan:
            return False
        self._next = (renewal.settings, plan)
        return True

    def take_up(self) -> None:
        """Let those hold that are due."""
        if self._next is not None:
            self._before = (self.settings, self.plan)
            self.has_changed = True
            self._hold(*self._next)

    def go_back(self, error: CrawlerError) -> bool:
        """Let those hold again that were before; False if there are none."""
        if self._before is None:
            return False
        get_logger("crawler.reload").error("reload_failed", error=str(error))
        self._hold(*self._before)
        self._before = None
        return True

    def _hold(self, settings: "Settings", plan: Plan) -> None:
        self.settings, self.plan, self._next = settings, plan, None
        self.seeds = tuple(seed for seed in settings.seeds if can_be_read_again(seed))
