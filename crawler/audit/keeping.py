"""Which answers are kept: none that says more of this machine than of who was asked."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from crawler.audit.outside import REFUSED, UNANSWERED, Answer, AnswerFile
from crawler.model.url import host_key

UNREACHED = "unreached"
"""What stands for `dns` and `connect` while hardly any host could be reached."""
_SAY_NOTHING = UNANSWERED | {"timeout", "robots_deferred"}
"""Neither that there is a network, nor that there is none."""
_FEW = 20
"""Of so many hosts one that answers is not enough: a portal or a cache may be near."""


class Keeping:
    """Takes the answers of one run."""

    def __init__(self, file: AnswerFile, before: Iterable[Mapping[str, Any]]) -> None:
        """Make it.

        Args:
            file: where answers are kept.
            before: answers of earlier runs: a host that was not there already is no sign.
        """
        self._file = file
        self._known_dead = {
            host_key(one["final_url"]) for one in before if one.get("error") in UNANSWERED
        }
        self._reached: set[str] = set()
        self._doubtful: list[Answer] = []
        self.refused: list[Answer] = []
        """Addresses that we may not connect to; asked again once we may."""
        self.unreached: list[Answer] = []
        """What says nothing, since hardly any host could be reached; filled by `settle`."""

    def take(self, answer: Answer) -> None:
        """Keep an answer, at once where it is one for certain.

        Raises:
            StorageError: it cannot be written.
        """
        if answer.hops or answer.error not in _SAY_NOTHING | {REFUSED}:
            self._reached.add(host_key(answer.url))
        if answer.error == REFUSED:
            self.refused.append(answer)
        elif answer.error in UNANSWERED and host_key(answer.final_url) not in self._known_dead:
            self._doubtful.append(answer)
        else:
            self._file.add(answer)

    def settle(self) -> None:
        """Decide on the hosts that could not be reached.

        Raises:
            StorageError: an answer cannot be written.
        """
        dead = {host_key(answer.final_url) for answer in self._doubtful}
        if len(self._reached) * _FEW <= len(dead):
            self.unreached = [replace(answer, error=UNREACHED) for answer in self._doubtful]
        else:
            for answer in self._doubtful:
                self._file.add(answer)
        self._doubtful = []
