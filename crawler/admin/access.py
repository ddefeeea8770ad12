"""Who may ask for what: methods, the Host header, the token; and the headers of every answer."""

import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from crawler.admin.answer import Answer, text_answer
from crawler.policy.loopback import is_loopback

COOKIE = "crawler_admin"
OPEN_PATHS = frozenset({"/healthz", "/readyz"})
"""What probes ask for: they tell nothing but whether the crawl lives and moves."""
HEADERS = {
    "Server": "crawler",
    # The charting library places its layers by a style sheet that it writes into the page.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Access:
    """What a request needs to be let in; `token` is None on loopback only."""

    def __init__(self, token: str | None) -> None:
        self._token = None if token is None else token.encode()
        # Cookies go to every port of a host: what is sent must not be the token itself.
        self._session = (
            None
            if self._token is None
            else hmac.new(self._token, b"crawler admin session", "sha256").hexdigest()
        )

    def refusal(
        self,
        *,
        method: str,
        path: str,
        query: str,
        host: str | None,
        authorization: str | None,
        cookies: Mapping[str, str],
    ) -> Answer | None:
        """Return what to answer instead; None: the request is let in."""
        if method not in ("GET", "HEAD"):
            answer = text_answer("only GET and HEAD: nothing can be changed here", status=405)
            return _with(answer, {"Allow": "GET, HEAD"})
        if path in OPEN_PATHS:
            return None
        if self._token is None:
            # A page of a stranger whose name resolves to this machine sends its own name.
            if host is not None and is_loopback(_without_port(host)):
                return None
            return text_answer(
                "the Host header must name this machine: localhost or a loopback address; "
                "with a token set (http_token) any name will do",
                status=421,
            )
        return self._check(path, query, authorization, cookies)

    def _check(
        self, path: str, query: str, authorization: str | None, cookies: Mapping[str, str]
    ) -> Answer | None:
        given = dict(parse_qsl(query)).get("token")
        if given is not None:
            return self._log_in(path, query) if self._is_token(given) else _unknown()
        if authorization is not None:
            kind, _, value = authorization.partition(" ")
            return None if kind.lower() == "bearer" and self._is_token(value) else _unknown()
        cookie = cookies.get(COOKIE)
        if cookie is not None and hmac.compare_digest(
            cookie.encode("utf-8", "replace"), (self._session or "").encode()
        ):
            return None
        return _unknown()

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.strip().encode("utf-8", "replace"), self._token or b"")

    def _log_in(self, path: str, query: str) -> Answer:
        """Let a browser in, and take the token out of its address bar and history."""
        if path.startswith("//") or "\\" in path:
            path = "/"  # a browser would take it for another host
        rest = urlencode([(name, value) for name, value in parse_qsl(query) if name != "token"])
        return Answer(
            body=b"",
            status=303,
            headers={
                "Location": path + (f"?{rest}" if rest else ""),
                "Set-Cookie": f"{COOKIE}={self._session}; HttpOnly; SameSite=Lax; Path=/",
            },
        )


def _unknown() -> Answer:
    answer = text_answer(
        "a token is needed: in the header Authorization: Bearer TOKEN, "
        "or in a browser once as /?token=TOKEN",
        status=401,
    )
    return _with(answer, {"WWW-Authenticate": 'Bearer realm="crawler"'})


def _with(answer: Answer, headers: dict[str, str]) -> Answer:
    return Answer(
        body=answer.body,
        content_type=answer.content_type,
        status=answer.status,
        headers=headers,
    )


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
