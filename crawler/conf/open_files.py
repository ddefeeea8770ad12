"""Files that a process may have open, connections among them: raised to what a crawl needs.

What a shell gives is often 1,024 of many more that it may give; readers inherit it.
"""

import resource

from crawler.errors import ConfigError

READER_FILES = 112
"""What a reader has open beside the connections to servers: look-ups of names, the store, its part
with bodies, the log, pipes to its parent."""
FILES_OF_A_READER = 4
"""What the parent has open for each reader, and readers inherit."""
ENOUGH = 65_536
"""Connections that are kept for another request come on top, some for each host: so many files are
asked for where the limit allows it."""


def raise_file_limit(*, processes: int, concurrency: int) -> None:
    """Let this process, and those that it starts, have as many files open as they may.

    Raises:
        ConfigError: even that is too few; the message says what would do.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    beside = READER_FILES + FILES_OF_A_READER * processes
    needed = beside + concurrency
    most = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    wanted = max(needed, most)
    if hard != resource.RLIM_INFINITY and needed > hard:
        fewer = f" or use --concurrency {hard - beside}" if hard > beside else ""
        raise ConfigError(
            f"concurrency: {concurrency} connections need {needed} open files in each process, "
            f"and the limit is {hard}: raise it (ulimit -Hn, LimitNOFILE=){fewer}"
        )
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError) as error:
            if soft < needed:
                raise ConfigError(
                    f"concurrency: {concurrency} connections need {needed} open files in each "
                    f"process, and the limit of {soft} cannot be raised: {error}"
                ) from error
