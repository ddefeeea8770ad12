"""Paths of keys through JSON-LD and microdata: `Product.offers.price`.

A first word with a capital letter is a type: all objects of that type are looked at, wherever they
are. Otherwise the path begins at each object of the top. Lists are gone through.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

MAX_DEPTH = 32
"""Deeper objects are not looked at."""
MAX_OBJECTS = 5_000
"""Of one page."""
MAX_VALUES = 1_000
"""Of one path."""

Object = Mapping[str, object]


class Path(NamedTuple):
    """A path, taken apart."""

    type: str | None
    keys: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Path":
        first, *rest = text.split(".")
        return cls(first, tuple(rest)) if first[:1].isupper() else cls(None, (first, *rest))


class Found(NamedTuple):
    """One value, and the object that has it: its neighbours may say what it is."""

    value: object
    owner: Object


class Things:
    """The objects of one page; all of them are listed once, when they are first asked for."""

    def __init__(self, tops: Sequence[Object]) -> None:
        self._tops = tops
        self._by_type: dict[str, list[Object]] | None = None
        self._by_id: dict[str, Object] = {}

    def find(self, path: Path) -> list[Found]:
        """Return what a path leads to: lists as they are, in the order of the page."""
        owners = self._tops if path.type is None else self._typed().get(path.type, [])
        if not owners:
            return []
        if not path.keys:
            return [Found(owner, owner) for owner in owners]
        *outer, last = path.keys
        for key in outer:
            owners = self._inner(owners, key)
        found = []
        for owner in owners:
            value = _get(owner, last)
            if isinstance(value, dict):
                found.append(Found(self._resolved(value), owner))
            elif value is not None:
                found.append(Found(value, owner))
        return found

    def _inner(self, owners: Sequence[Object], key: str) -> list[Object]:
        inner: list[Object] = []
        for owner in owners:
            value = _get(owner, key)
            if isinstance(value, dict):
                inner.append(self._resolved(value))
            elif isinstance(value, list):
                inner += [self._resolved(one) for one in value if isinstance(one, dict)]
            if len(inner) >= MAX_VALUES:
                break
        return inner[:MAX_VALUES]

    def _resolved(self, thing: Object) -> Object:
        """Return the object that a bare reference means: `{"@id": "#shop"}`."""
        if "@id" not in thing or len(thing) - ("@type" in thing) > 1:
            return thing
        self._typed()
        return self._by_id.get(str(thing["@id"]), thing)

    def _typed(self) -> dict[str, list[Object]]:
        if self._by_type is None:
            self._by_type = {}
            for thing in _objects(self._tops):
                for name in _types(thing):
                    self._by_type.setdefault(name, []).append(thing)
                if len(thing) > 2 and "@id" in thing:
                    self._by_id.setdefault(str(thing["@id"]), thing)
        return self._by_type


def flat(value: object) -> Iterator[object]:
    """Yield a value, or what a list of values holds; nothing for null."""
    if isinstance(value, list):
        yield from (one for one in islice(value, MAX_VALUES) if not isinstance(one, list | None))
    elif value is not None:
        yield value


def _types(thing: Object) -> list[str]:
    """Return the names of an object's types, without the address of their vocabulary."""
    found = thing.get("@type")
    if isinstance(found, str):
        return [_short(found)]
    if isinstance(found, list):
        return [_short(name) for name in found[:10] if isinstance(name, str)]
    return []


def _short(name: str) -> str:
    if name.isalnum():
        return name
    return name.rstrip("/").replace("#", "/").rpartition("/")[2].rpartition(":")[2]


def _get(owner: Object, key: str) -> object:
    return owner[key] if key in owner else owner.get(f"schema:{key}")


def _objects(tops: Sequence[Object]) -> Iterator[Object]:
    """Yield all objects, outer ones before what they hold."""
    left = MAX_OBJECTS
    stack: list[tuple[object, int]] = [(top, 0) for top in reversed(tops)]
    while stack and left:
        thing, depth = stack.pop()
        if isinstance(thing, dict):
            left -= 1
            yield thing
            inner: list[object] = list(thing.values())
        elif isinstance(thing, list):
            inner = thing
        else:
            continue
        if depth < MAX_DEPTH:
            stack += [(one, depth + 1) for one in reversed(inner) if isinstance(one, dict | list)]
