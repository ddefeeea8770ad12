"""Small text files that a person wrote."""

from pathlib import Path

from crawler.errors import ConfigError

_MAX_FILE_BYTES = 1_000_000


def read_small(path: Path) -> str:
    """Return a small text file.

    Raises:
        ConfigError: it cannot be read, is no text or far too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    if len(data) > _MAX_FILE_BYTES:
        raise ConfigError(f"{path}: too large, more than 1 MB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}: is no UTF-8 text") from None
