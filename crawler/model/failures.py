"""What the words in a record's `error` mean; `docs/reference/errors.md` is made from it."""

from collections.abc import Mapping

FAILURES: Mapping[str, str] = {
    "dns": "the host's name has no address",
    "connect": "no connection: refused, unreachable",
    "tls": "the certificate or the handshake was not good",
    "timeout": "connecting, or the whole try, took too long",
    "reset": "the connection broke before the response was complete",
    "protocol": "what came is not HTTP",
    "decode": "the body's compression was broken",
    "blocked_address": "the address is not public, and `--allow-net` does not allow it",
    "bad_redirect": "a 3xx whose `Location` is no URL that can be crawled",
    "redirect_loop": "a redirect to a URL of its own chain",
    "too_many_redirects": "more than 10 hops in one chain",
    "crashed": "the page ended the process that worked on it, alone, twice; it is not fetched any "
    "more",
    "internal": "a fault of the crawler; the log has the traceback. Please report it",
}
