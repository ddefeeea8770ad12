"""What is shown of text that holds credentials: everything but them."""

import pytest

from crawler.model.secret import mask_header, mask_typed, mask_userinfo, mask_values

TYPED = [
    ("http://h/a@b", "http://h/a@b"),
    ("http://h:80/?x=a@b", "http://h:80/?x=a@b"),
    ("http://bob:hunter2@h/", "http://***@h/"),
    ("http://hunter2@h/", "http://***@h/"),
    ("HTTPS://bob:hunter2@h/", "HTTPS://***@h/"),
    ("http://bob:hun@ter2@h/", "http://***@h/"),
    ("http:/bob:hunter2@h/", "http:/***@h/"),
    ("http:bob:hunter2@h/", "http:***@h/"),
    ("http:\\\\bob:hunter2@h/", "http:\\\\***@h/"),
    ("//bob:hunter2@h/", "//***@h/"),
    ("bob:hunter2@h/", "***@h/"),
    (" http://bob:hunter2@h/", "http://***@h/"),
    ("ftp://bob:hunter2@h/", "ftp://***@h/"),
    ("http://bob:hunter2@[", "http://***@["),
    ("http://bob:hunter 2@h/", "http://***@h/"),
    ("seeds/a@b.txt", "seeds/a@b.txt"),
    ("a@b.txt", "a@b.txt"),
]


@pytest.mark.parametrize(("text", "shown"), TYPED)
def test_a_typed_url_is_shown_without_credentials(text: str, shown: str) -> None:
    """A spelling that the URL parser takes and the mask does not would show the password."""
    assert mask_typed(text) == shown


def test_text_with_several_urls() -> None:
    """Only the first password of a message would be hidden."""
    text = "from http://a:hunter2@h/ to redis://:hunter2@h, mail a@b.example"
    assert mask_userinfo(text) == "from http://***@h/ to redis://***@h, mail a@b.example"


def test_values_inside_of_others_are_masked() -> None:
    """A list of URLs in an event would be logged as it is."""
    value = {"urls": ["http://a:hunter2@h/", ("ftp://hunter2@h",)], "password": "hunter2", "n": 1}
    assert mask_values(value) == {
        "urls": ["http://***@h/", ["ftp://***@h"]],
        "password": "***",
        "n": 1,
    }


def test_a_header_keeps_its_name() -> None:
    """Nobody could tell which header was sent; a line that is none would be shown whole."""
    assert mask_header("Authorization: hunter2") == "Authorization: ***"
    assert mask_header("hunter2") == "***"
