"""What all tests of the command as a subprocess share."""

from collections.abc import Iterator

import pytest

from tests.support.crawl import end_what_is_left


@pytest.fixture(autouse=True)
def _nothing_goes_on() -> Iterator[None]:
    """A test that fails amid a crawl fails alone.

    What goes on would take the time of those that follow; and a process that nobody waited for is
    a warning in the test that runs when it is noticed, which fails for it.
    """
    yield
    end_what_is_left()
