"""Keys of the store: 64-bit hashes of host keys and URLs, seeded anew for each store.

The seed keeps a site from choosing URLs that collide; a collision could only hide a page of its
own host anyway, because the host's hash is the other half of the key.
"""

import xxhash

from crawler.model.url import host_key

HASH_NAME = "xxh3_64"

_SIGN = 1 << 63
_MAX_HOSTS = 50_000


class Keys:
    """Hashes of one store; remembers hosts, because the links of a page share few of them."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._hosts: dict[str, int] = {}

    def host(self, host: str) -> int:
        """Return the key of a host key, a signed 64-bit integer as SQL has them."""
        found = self._hosts.get(host)
        if found is None:
            if len(self._hosts) >= _MAX_HOSTS:
                self._hosts.clear()
            found = self._hosts[host] = self._hash(host)
        return found

    def url(self, url: str) -> int:
        """Return the key of a canonical URL within its host."""
        return self._hash(url)

    def of(self, url: str) -> tuple[int, int]:
        """Return (key of the host, key of the URL)."""
        return self.host(host_key(url)), self._hash(url)

    def sitemap(self, url: str) -> int:
        """Return the key of a sitemap within its host; no URL begins so, hence none has it."""
        return self._hash("sitemap " + url)

    def of_sitemap(self, url: str) -> tuple[int, int]:
        """Return (key of the host, key of the sitemap)."""
        return self.host(host_key(url)), self.sitemap(url)

    def _hash(self, text: str) -> int:
        return (xxhash.xxh3_64_intdigest(text.encode(), self._seed) ^ _SIGN) - _SIGN
