"""Every event that the crawler logs: what it means, and what to do about it.

The reference page is made from this, and a test compares it with what the code logs. An event is
`noun_verb`; its values are fields. What a library logs keeps its own sentence and is not listed.
"""

from typing import NamedTuple


class EventInfo(NamedTuple):
    """One event; `level` is the least that it has."""

    level: str
    fields: tuple[str, ...]
    meaning: str


COMMON_FIELDS = {
    "timestamp": "when, RFC 3339 in UTC",
    "level": "debug, info, warning, error, critical",
    "event": "its name",
    "logger": "the part of the crawler, or the library, that says it",
    "pid": "the process",
    "run": "of one start of the parent, the same in its readers",
    "reader": "name of the reader process; the parent's events about one have it too",
    "exception": "the traceback, where there is one",
}
"""What every event has, or may have, beside its own fields."""

EVENTS: dict[str, EventInfo] = {
    "admin_closed": EventInfo("info", ("url",), "The admin server has ended."),
    "admin_failed": EventInfo(
        "error", ("path",), "A fault of ours met a request to the admin server."
    ),
    "admin_opened": EventInfo("info", ("url",), "The admin server listens there."),
    "callback_ended": EventInfo(
        "warning",
        ("url", "callback", "limit_s"),
        "A callback took longer than `extract_timeout` and was ended: its page lacks its fields.",
    ),
    "command_failed": EventInfo(
        "error", (), "A fault of ours ended a command; the traceback is for a report."
    ),
    "crawl_ended": EventInfo(
        "info",
        ("ending", "exit_code", "error"),
        "The run is over, and how; `error` is why it failed. After a fault of ours `run_failed` or "
        "`command_failed` stands in its place.",
    ),
    "crawl_joined": EventInfo(
        "info", ("note",), "The job held a crawl with other seeds: these were added to it."
    ),
    "crawl_paused": EventInfo(
        "warning", ("by", "until"), "A person paused the crawl: nothing more is claimed."
    ),
    "crawl_resumed": EventInfo("warning", (), "The pause of a person is over."),
    "crawl_recovered": EventInfo(
        "info",
        ("leases",),
        "The run before was killed, or its machine stopped: so many URLs that it had in hand are "
        "free again.",
    ),
    "crawl_started": EventInfo(
        "info",
        ("seeds_new", "seeds_known", "seeds_rejected"),
        "Seeds are in the frontier, readers come next.",
    ),
    "disk_filled": EventInfo(
        "warning",
        ("path", "free_bytes", "min_free_bytes"),
        "Less than `min_free_disk` is free: nothing is claimed until there is space again.",
    ),
    "disk_freed": EventInfo("info", ("path", "free_bytes"), "There is space again: it goes on."),
    "events_dropped": EventInfo(
        "warning",
        ("name", "count", "for_s"),
        "So many events of this name were not logged, because they came too often.",
    ),
    "fetch_deferred": EventInfo(
        "info", ("url", "reason", "attempts"), "A URL is tried again later, from the frontier."
    ),
    "host_paused": EventInfo(
        "info",
        ("host", "reason", "for_ms"),
        "A host asked for a pause, or failed so often that it gets one.",
    ),
    "hosts_halted": EventInfo(
        "info", ("hosts", "first"), "A person paused or resumed hosts: those that are paused now."
    ),
    "http_cache_failed": EventInfo(
        "warning", ("error",), "`try --http-cache` cannot keep answers: they are fetched again."
    ),
    "item_dropped": EventInfo(
        "error",
        ("url", "claimed_at"),
        "QuasiQueue's window refused a URL, which then waits: a fault of ours, please report it.",
    ),
    "job_backed_up": EventInfo(
        "info", ("by", "target"), "A person had the job copied: `crawler backup`."
    ),
    "limit_reached": EventInfo("info", ("limit",), "Nothing more is claimed: which limit it was."),
    "machine_exhausted": EventInfo(
        "warning",
        ("url", "error"),
        "This machine has no open file, memory or thread left for a page: it and others that met "
        "the same are tried again later. Said once a minute by each reader.",
    ),
    "notify_failed": EventInfo(
        "warning", ("error",), "systemd cannot be told how the crawl stands; said once."
    ),
    "parent_stuck": EventInfo(
        "critical", (), "The parent's loop stood still, so it ended itself: start it again."
    ),
    "part_cut": EventInfo(
        "info",
        ("part", "bytes_cut", "bytes_kept"),
        "Bytes that no transaction knows were cut off after a crash.",
    ),
    "part_form_changed": EventInfo(
        "warning",
        ("part", "packed"),
        "Of a part that was there in two forms, the one that is whole was kept.",
    ),
    "part_gone": EventInfo(
        "info", ("part",), "A part that was shipped is no longer there: it counts as pruned."
    ),
    "part_pack_failed": EventInfo(
        "warning",
        ("part", "error"),
        "A part could not be packed and stays as it was written; it is tried again after a minute.",
    ),
    "part_packed": EventInfo(
        "info", ("part", "bytes", "packed_bytes", "elapsed_ms"), "A part was packed with zstd."
    ),
    "part_reopened": EventInfo(
        "warning",
        ("part", "bytes_missing", "urls", "others"),
        "A part lost committed bytes (a power cut, a person): its URLs are fetched again.",
    ),
    "part_ship_failed": EventInfo(
        "warning",
        ("part", "error", "said", "tries", "again_in_ms"),
        "The command of `on_part_sealed` failed with a part; `said` is the end of its output. "
        "Three are written in a minute; `crawler status` says how many parts wait.",
    ),
    "part_shipped": EventInfo(
        "info", ("part", "elapsed_ms", "said"), "The command of `on_part_sealed` took a part."
    ),
    "parts_pruned": EventInfo(
        "info",
        ("by", "parts", "freed_bytes"),
        "A person had the files of these parts removed: `crawler prune`.",
    ),
    "parts_left": EventInfo(
        "warning",
        ("unshipped",),
        "The run ends with parts that the command did not take: the next run tries again.",
    ),
    "parts_not_reread": EventInfo(
        "warning",
        ("pruned",),
        "Links are looked for in the records of the job, but so many of its parts were pruned.",
    ),
    "reader_broken": EventInfo(
        "info",
        ("error",),
        "A reader cannot work (disk, frontier, a fault of ours); the parent decides what follows.",
    ),
    "reader_buried": EventInfo(
        "info",
        ("freed", "started"),
        "What a dead reader held is free again; a warning where it died at work.",
    ),
    "reader_died": EventInfo("error", (), "A fault of ours ended a reader; it is replaced."),
    "reader_ended": EventInfo(
        "info",
        ("reader_pid", "exit_code", "reason"),
        "A reader is gone: stop (the crawl ends, or takes up settings), or as "
        "`crawler_reader_restarts_total` has it; a warning where something outside killed it "
        "(-9: out of memory?).",
    ),
    "reader_failed": EventInfo(
        "error", ("url", "host"), "A fault of ours met one URL, which is tried again later."
    ),
    "reader_launched": EventInfo("info", ("reader_pid",), "A reader process was started."),
    "reader_not_started": EventInfo(
        "warning",
        ("error", "readers"),
        "This machine has no process, memory or file left for a reader: the crawl goes on with "
        "`readers` of them, and tries again every 2 s. One without any ends after a minute.",
    ),
    "reader_outgrew": EventInfo(
        "warning",
        ("reader_pid", "resident_bytes", "limit_bytes", "killed"),
        "A reader has more memory than `max_reader_memory`: it ends in order and is replaced; "
        "one with twice as much is killed.",
    ),
    "reader_raised": EventInfo(
        "info", ("url", "error"), "A URL met what the whole reader will meet: disk or frontier."
    ),
    "reader_stuck": EventInfo(
        "error", (), "A reader's loop stood still for 10 s: it was killed and is replaced."
    ),
    "records_reread": EventInfo(
        "info", ("parts", "links"), "Our own records were read again, because rules became wider."
    ),
    "reload_failed": EventInfo(
        "error",
        ("error",),
        "The settings that SIGHUP asked to read have a fault: the old ones hold.",
    ),
    "robots_settled": EventInfo(
        "info",
        ("url", "verdict", "status", "crawl_delay_ms"),
        "A robots.txt was read; the verdict says what holds.",
    ),
    "rules_narrowed": EventInfo(
        "warning", ("result",), "Scope, depth or budget became narrower than the crawl had them."
    ),
    "rules_widened": EventInfo(
        "warning", ("result",), "Scope, depth or budget became wider than the crawl had them."
    ),
    "run_failed": EventInfo(
        "error", (), "A fault of ours ended the daemon; the traceback is for a report."
    ),
    "scope_widened": EventInfo(
        "info", ("roots", "parts"), "A redirected seed made the scope wider."
    ),
    "secrets_not_sent": EventInfo(
        "warning", ("seed", "why"), "Headers or cookies will not go to this seed."
    ),
    "seed_rejected": EventInfo(
        "warning", ("source", "line", "text", "why"), "A line of the seeds is no URL to crawl."
    ),
    "seeds_rejected": EventInfo(
        "warning", ("count", "named"), "So many were rejected; the first are named above."
    ),
    "seeds_added": EventInfo(
        "info", ("by", "new", "known", "rejected"), "A person gave the job more: `crawler add`."
    ),
    "server_lost": EventInfo(
        "warning",
        ("url", "host", "error"),
        "A server answered no more: all of its host waits, and is probed.",
    ),
    "site_unmatched": EventInfo(
        "warning",
        ("match",),
        "The crawl came to its end, and this `[[site]]` table matched none of its hosts.",
    ),
    "setting_noted": EventInfo("warning", ("note",), "A setting works, but look at it."),
    "settings_kept": EventInfo(
        "warning",
        ("settings", "why"),
        "These cannot change while it runs: they hold from the next start.",
    ),
    "settings_reloaded": EventInfo(
        "warning",
        ("changed",),
        "SIGHUP: the settings were read again; they hold at the next `crawl_started`.",
    ),
    "settings_changed": EventInfo(
        "warning", ("change",), "The job was begun with another value; what follows from that."
    ),
    "sitemap_failed": EventInfo("info", ("url", "reason"), "A sitemap could not be read."),
    "sitemap_settled": EventInfo(
        "info",
        ("url", "status", "entries", "links", "problem", "unchanged"),
        "A sitemap was read: how many entries it has, how many of them are followed.",
    ),
    "urls_retried": EventInfo(
        "info", ("by", "urls", "chosen"), "A person let them be fetched again: `crawler retry`."
    ),
    "watchdog_impatient": EventInfo(
        "warning",
        ("watchdog_ms", "needed_ms"),
        "The unit's `WatchdogSec` is shorter than a crawl that is well may settle nothing.",
    ),
    "wind_down_failed": EventInfo(
        "info",
        ("error",),
        "The store failed while the crawl ended; the next start recovers. An error where the "
        "fault is ours.",
    ),
}
