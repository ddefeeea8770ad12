"""A crawl whose clock is set forward: `python -m tests.support.shifted MS FLAGS`, flags as JSON.

Days pass without waiting for them: every process of the run shares the clock's offset.
"""

import json
import os
import sys
from pathlib import Path

from crawler.conf.load import load_settings
from crawler.errors import CrawlerError
from crawler.qq import run_crawl


def main() -> int:
    settings = load_settings(json.loads(sys.argv[2]), os.environ, Path.cwd())
    settings.clock_offset_ms += int(sys.argv[1])
    try:
        ending = run_crawl(settings)
    except CrawlerError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stderr.write(f"{ending.line}\n")
    return ending.exit_code


if __name__ == "__main__":
    sys.exit(main())
