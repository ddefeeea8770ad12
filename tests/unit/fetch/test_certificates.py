"""Certificates that are read late are the same ones, and are read before anybody is trusted."""

import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.fetch.certificates import certificates_later


def _shake_hands(client: ssl.SSLContext, server: ssl.SSLContext) -> None:
    """Let two contexts meet in memory; raises what the client has against it."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname="site.test")
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """Return a certificate for site.test that vouches for itself, its key beside it."""
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    names = ["-subj", "/CN=site.test", "-addext", "subjectAltName=DNS:site.test"]
    try:
        subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs openssl to make a certificate")
    return tmp_path / "cert.pem"


@pytest.fixture
def server(authority: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority, authority.with_name("key.pem"))
    return context


def test_nothing_is_read_until_the_first_connection(
    authority: Path, server: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A context that never reads them refuses every site; one that reads at once costs 15 ms."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with certificates_later():
        late = ssl.create_default_context()
    assert late.cert_store_stats()["x509"] == 0
    _shake_hands(late, server)
    assert late.cert_store_stats()["x509"] == 1
    assert type(late) is ssl.SSLContext


def test_a_site_that_no_authority_knows_is_refused(server: ssl.SSLContext) -> None:
    """Reading late must not mean trusting everybody."""
    with certificates_later():
        late = ssl.create_default_context()
    assert late.check_hostname
    assert late.verify_mode is ssl.CERT_REQUIRED
    with pytest.raises(ssl.SSLCertVerificationError):
        _shake_hands(late, server)


def test_contexts_made_later_read_at_once(authority: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other code of the process would not know that its contexts are empty."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with pytest.raises(KeyError), certificates_later():
        raise KeyError
    assert ssl.create_default_context().cert_store_stats()["x509"] == 1
    assert "set_default_verify_paths" not in vars(ssl.SSLContext)


def test_whatever_is_imported_of_fetch_reads_no_certificates() -> None:
    """aiohttp reads them twice while it is imported: 30 ms of every start."""
    code = (
        "import ssl\n"
        "def fail(*_): raise SystemExit('read')\n"
        "ssl.SSLContext.load_default_certs = ssl.SSLContext.load_verify_locations = fail\n"
        "import crawler.fetch.errors, aiohttp, gc\n"
        "made = [x for x in gc.get_objects() if isinstance(x, ssl.SSLContext)]\n"
        "print(len(made), sum(x.cert_store_stats()['x509'] for x in made))"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.stdout, result.stderr) == ("2 0\n", "")
