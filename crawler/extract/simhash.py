"""A fingerprint of a text: texts that are nearly alike differ in few of its 64 bits.

Simhash (M. Charikar, Similarity estimation techniques from rounding algorithms, STOC 2002), as
G. Manku, A. Jain and A. Das Sarma used it for pages (Detecting near-duplicates for web crawling,
WWW 2007). The features are the pairs of neighbouring words; one that is repeated counts once more
each time its number doubles. The hash of a pair is made from those of its words by rotation
(D. Lemire and O. Kaser, Recursive n-gram hashing is pairwise independent, at best, 2010).

All hashes stand beside each other in one large integer, so Python's arithmetic works on all of them
at once. The value of a text never changes: records of years are compared with each other.
"""

import re
from array import array
from collections import Counter

from xxhash import xxh3_64_digest

MIN_WORDS = 32
"""Shorter texts have no fingerprint: one other word would change it out of recognition."""
_BITS = 64
_BYTES = 8
_MASK = (1 << _BITS) - 1
_ROTATED = 23
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)
"""Letters of Thai, Lao, Burmese, Khmer, Japanese and Chinese: written without blanks between words,
so each counts as one."""


def simhash(text: str) -> str | None:
    """Return 64 bits as 16 hexadecimal digits; None for a text that is too short."""
    words = _words(text)
    if len(words) < MIN_WORDS:
        return None
    pairs = _pairs(b"".join(map(xxh3_64_digest, words)))
    return f"{_majority(_weighted(pairs)):016x}"


def _words(text: str) -> list[bytes]:
    text = text.lower()
    if not text.isascii() and _UNSPACED.search(text):
        text = _UNSPACED.sub(r" \g<0> ", text)
    return text.encode("utf-8", "replace").split()


def _pairs(digests: bytes) -> bytes:
    """Return the hashes of all pairs of neighbouring words, from those of the words."""
    # Big-endian as the digests are, so the first word stands in the highest bits.
    count = len(digests) // _BYTES
    ones = int.from_bytes((bytes(_BYTES - 1) + b"\1") * count, "big")
    hashes = int.from_bytes(digests, "big")
    stays = ones * (_MASK >> _ROTATED)
    wraps = ones * (_MASK ^ (_MASK >> _ROTATED))
    rotated = (hashes & stays) << _ROTATED | (hashes & wraps) >> (_BITS - _ROTATED)
    followers = hashes & ((1 << _BITS * (count - 1)) - 1)
    return (rotated >> _BITS ^ followers).to_bytes(_BYTES * (count - 1), "big")


def _weighted(hashes: bytes) -> bytes:
    """Return each hash once, again if it is there twice, again if four times, and so on.

    Counted as often as they occur, the few pairs of which an index is full would be all that
    matters; counted once, one changed word in a text of 500 would be seen as a difference.
    """
    counts = Counter(array("Q", hashes))
    found = array("Q", counts)
    repeated = [(one, count) for one, count in counts.items() if count > 1]
    while repeated:
        found.extend([one for one, _ in repeated])
        repeated = [(one, count // 2) for one, count in repeated if count > 3]
    return found.tobytes()


def _majority(hashes: bytes) -> int:
    """Return the bits that are set in more than half of the hashes.

    Bits are counted for all places at once: plane k holds bit k of 64 counts for each of a number
    of groups, and one half of the groups is added to the other until there is one group.
    """
    number = len(hashes) // _BYTES
    planes = [int.from_bytes(hashes, "big")]
    groups = 1 << (number - 1).bit_length()
    while groups > 1:
        groups //= 2
        width = _BITS * groups
        mask = (1 << width) - 1
        carry = 0
        added = []
        for plane in planes:
            low, high = plane & mask, plane >> width
            either = low ^ high
            added.append(either ^ carry)
            carry = low & high | either & carry
        planes = [*added, carry]
    more, equal = 0, _MASK
    half = number // 2
    for place in reversed(range(len(planes))):
        plane = planes[place]
        if half >> place & 1:
            equal &= plane
        else:
            more |= equal & plane
            equal &= ~plane
    return more
