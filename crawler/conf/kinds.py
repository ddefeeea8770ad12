"""Kinds of values that several settings have, as pydantic checks them."""

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from crawler.conf import checks


def optional(check: Callable[[str], str]) -> AfterValidator:
    """Return a validator that lets None pass."""
    return AfterValidator(lambda value: None if value is None else check(value))


SECONDS = BeforeValidator(checks.to_seconds)
NONE_OR_SECONDS = BeforeValidator(checks.none_or_seconds)
NONE_OR_RECRAWL = BeforeValidator(checks.recrawl_or_none)
NONE_OR_SOME_SECONDS = BeforeValidator(checks.none_or_some_seconds)
BYTES = BeforeValidator(checks.to_bytes)
NONE_OR_BYTES = BeforeValidator(checks.none_or_bytes)
NONE = BeforeValidator(checks.none_or_same)
PATH = BeforeValidator(checks.to_path)

Seconds = Annotated[float, SECONDS]
Bytes = Annotated[int, BYTES, Field(gt=0)]
Words = Annotated[
    tuple[str, ...],
    NoDecode,
    BeforeValidator(checks.split_words),
    AfterValidator(checks.no_empty_words),
]
ParameterNames = Annotated[
    tuple[str, ...],
    NoDecode,
    BeforeValidator(checks.split_words_and_commas),
    AfterValidator(checks.parameter_names),
]
Headers = Annotated[
    tuple[str, ...],
    NoDecode,
    BeforeValidator(checks.split_lines),
    AfterValidator(checks.headers),
]
Networks = Annotated[
    tuple[str, ...],
    NoDecode,
    BeforeValidator(checks.split_words_and_commas),
    AfterValidator(checks.networks),
]
Positive = Annotated[int, Field(ge=1, le=1_000_000)]
Limit = Annotated[Annotated[int, Field(ge=1, le=2**62)] | None, NONE]
Depth = Annotated[int, Field(ge=0, le=1_000_000)]
