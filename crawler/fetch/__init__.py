"""HTTP, and the only place that knows aiohttp.

`guard` says which addresses may be connected to · `connection` takes no response that nobody asked
for · `client` builds the session on both · `body` reads a response within limits that hold after
decoding · `codecs` are loaded for the first body that needs them · `errors` names what went wrong ·
`fetcher` makes one try, and repeats it within its lease · `robots` turns a robots.txt into a
verdict.

Nothing here follows a redirect but `robots`, and nothing raises for a fault of a site.
"""

from crawler.fetch.certificates import certificates_later
from crawler.fetch.codecs import codecs_later

# Here, because whatever is imported of this package comes through here first.
with certificates_later(), codecs_later():
    import aiohttp  # noqa: F401
