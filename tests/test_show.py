"""What is printed: one line, no control characters, no secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roamrc import show
from roamrc.model import Hidden, Tunnel, Value

URLS = (
    ("http://alice:s3cret@proxy:8080", "http://alice:***@proxy:8080"),
    ("http://alice@proxy:8080", "http://alice@proxy:8080"),
    ("http://:s3cret@proxy", "http://:***@proxy"),
    ("http://proxy:8080/", "http://proxy:8080/"),
    ("alice:s3cret@proxy:8080", "alice:***@proxy:8080"),
    ("http://alice:s3/cret@proxy", "http://alice:***@proxy"),
    ("http://alice:s3?c#ret@proxy", "http://alice:***@proxy"),
    ("http://alice:s3@cret@proxy", "http://alice:***@proxy"),
    ("http://alice:s3,cret@proxy", "http://alice:***@proxy"),
    ("http://alice:s3 cret@proxy", "http://alice:***@proxy"),
    ("http://alice:a://s3cret@proxy", "http://alice:***@proxy"),
    ("http://a:s3cret@x,http://b:s3cret@y", "http://a:***@x,http://b:***@y"),
    ("corp.example, http://b:s3cret@y ,localhost", "corp.example, http://b:***@y ,localhost"),
    ("a:s3cret@x,http://b:s3cret@y", "a:***@y"),
    ("https://npm.corp.example/@scope/pkg", "https://npm.corp.example/@scope/pkg"),
    ("corp.example,localhost", "corp.example,localhost"),
    ("", ""),
)


@pytest.mark.parametrize(("text", "shown"), URLS)
def test_a_urls_password_is_three_stars(text: str, shown: str) -> None:
    assert show.url(text) == shown


@given(
    st.text(st.characters(exclude_characters="@\n"), min_size=1).map(lambda s: f"s3cret{s}s3cret"),
    st.sampled_from(("http://al:{}@proxy:8080", "https://al:{}@h/a/b?c", "al:{}@proxy", "http://x:y@a,http://al:{}@proxy")),
)
def test_no_password_is_ever_shown_whatever_it_is_made_of(password: str, form: str) -> None:
    assert "s3cret" not in show.url(form.format(password))


SETTINGS: tuple[tuple[str, Value, str], ...] = (
    ("proxy", "http://a:s3cret@p", "http://a:***@p"),
    ("noproxy", "x,http://a:s3cret@p", "x,http://a:***@p"),
    ("registry", "https://a:s3cret@npm.corp.example/", "https://a:***@npm.corp.example/"),
    ("@corp:registry", "https://a:s3cret@npm.corp.example/", "https://a:***@npm.corp.example/"),
    ("_auth", "s3cret", "***"),
    ("_password", "s3cret", "***"),
    ("_authToken", "s3cret", "***"),
    ("//npm.corp.example/:_authToken", "s3cret", "***"),
    ("//npm.corp.example/:_auth", "s3cret", "***"),
    ("//npm.corp.example:8443/:_password", "s3cret", "***"),
    ("//npm.corp.example/:username", "alice", "alice"),
    ("//npm.corp.example/:certfile", "/etc/c.pem", "/etc/c.pem"),
    ("key", "s3cret", "***"),
    ("cert", "s3cret", "***"),
    ("key[]", ("s3cret",), "***"),
    ("otp", "123456", "***"),
    ("corp_token", "s3cret", "***"),
    ("my-secret", "s3cret", "***"),
    ("cafile", "/etc/ssl/corp.pem", "/etc/ssl/corp.pem"),
    ("keyring", "yes", "yes"),
    ("omit[]", ("dev", "optional"), "dev, optional"),
    ("ca[]", ("http://a:s3cret@p", "x"), "http://a:***@p, x"),
    ("proxy", None, "(none)"),
    ("_auth", None, "(none)"),
)


@pytest.mark.parametrize(("key", "value", "shown"), SETTINGS)
def test_a_setting_shows_no_secret(key: str, value: Value, shown: str) -> None:
    assert show.setting(key, value) == shown


def test_a_sentence_hides_the_passwords_of_the_urls_in_it() -> None:
    text = 'the proxy "http://a:s3cret@p:1" is dead, see https://b:s3cret@q/x or ask it@corp.example'
    assert show.prose(text) == 'the proxy "http://a:***@p:1" is dead, see https://b:***@q/x or ask it@corp.example'


LINES = (
    ("a\nb", "a\\x0ab"),
    ("\x1b[31mred", "\\x1b[31mred"),
    ("a\u202eb", "a\\u202eb"),
    ("a\u2028b", "a\\u2028b"),
    ("\x9b2J", "\\x9b2J"),
    ("caf\u00e9", "café"),
    ("\udc80", "\\udc80"),
    ("\U000e0001", "\\U000e0001"),
)


@pytest.mark.parametrize(("text", "shown"), LINES)
def test_what_a_terminal_would_obey_is_escaped(text: str, shown: str) -> None:
    assert show.line(text) == shown


@given(st.text())
def test_a_line_is_one_printable_line_of_bounded_length(text: str) -> None:
    for shown in (show.line(text, 50), show.prose(text, 50)):
        assert shown.isprintable()
        assert len(shown) <= 51 * 10


FACTS = (
    (None, "none"),
    ((), "none"),
    (Hidden("behind\nNAT"), "hidden: behind\\x0aNAT"),
    (("a", "b"), "a, b"),
    ((Tunnel("tun0", True), Tunnel("wg\x1b", False)), "tun0 (default), wg\\x1b"),
    ("Cafe\x07", "Cafe\\x07"),
)


@pytest.mark.parametrize(("value", "shown"), FACTS)
def test_a_fact_in_words(value: object, shown: str) -> None:
    assert show.fact(value) == shown
