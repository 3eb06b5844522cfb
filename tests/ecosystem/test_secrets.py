"""detect-secrets: smargs masks what its plugins find, and neither takes an ordinary value for a secret."""

import re

import pytest
from detect_secrets.core.scan import scan_line
from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.basic_auth import BasicAuthDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.jwt import JwtTokenDetector
from detect_secrets.plugins.openai import OpenAIDetector
from detect_secrets.plugins.private_key import PrivateKeyDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.settings import transient_settings
from hypothesis import given
from hypothesis import strategies as st

from smargs.secrets.masking import MASK, Secrets

PLUGINS = {
    "AWSKeyDetector": AWSKeyDetector,
    "BasicAuthDetector": BasicAuthDetector,
    "GitHubTokenDetector": GitHubTokenDetector,
    "GitLabTokenDetector": GitLabTokenDetector,
    "JwtTokenDetector": JwtTokenDetector,
    "OpenAIDetector": OpenAIDetector,
    "PrivateKeyDetector": PrivateKeyDetector,
    "SlackDetector": SlackDetector,
}
LETTERS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=36, max_size=36)
CAPITALS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=16, max_size=16)

# The forms of each plugin that the docs list. The plugins also find older and rarer forms.
DRAWN = {
    "AWSKeyDetector": st.tuples(st.sampled_from(["AKIA", "ASIA"]), CAPITALS).map("".join),
    "BasicAuthDetector": st.from_regex(
        r"(?:https|redis|postgresql)://[a-z0-9]{1,9}:[A-Za-z0-9%._~-]{1,20}@[a-z]{3,9}/", fullmatch=True
    ),
    "GitHubTokenDetector": st.tuples(st.sampled_from(["ghp_", "gho_", "ghu_", "ghs_", "ghr_"]), LETTERS).map("".join),
    "GitLabTokenDetector": LETTERS.map(lambda text: f"glpat-{text[:20]}"),
    "JwtTokenDetector": st.just("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"),
    "OpenAIDetector": LETTERS.map(lambda text: f"sk-{text[:20]}T3BlbkFJ{text[-20:]}"),
    "PrivateKeyDetector": st.sampled_from(["RSA ", "EC ", "DSA ", "OPENSSH ", ""]).map(
        lambda kind: f"-----BEGIN {kind}PRIVATE KEY-----"
    ),
    "SlackDetector": LETTERS.map(lambda text: f"xoxb-123456789012-123456789012-{text[:24]}"),
}
ORDINARY = st.one_of(
    st.from_regex(r"[a-z]{2,12}(?:[-_/.][a-z0-9]{1,12}){0,4}", fullmatch=True),
    st.from_regex(r"s3://[a-z]{3,12}/[a-z0-9/=._-]{0,30}", fullmatch=True),
    st.from_regex(r"https://[a-z]{3,9}(?::[0-9]{2,5})?/[a-z0-9/._-]{0,30}", fullmatch=True),
    st.floats(allow_nan=False).map(str),
    st.datetimes().map(str),
    st.uuids().map(str),
    st.lists(st.integers()).map(str),
)


def secrets_found(value):
    """The secrets that detect-secrets finds in a value."""
    with transient_settings({"plugins_used": [{"name": name} for name in PLUGINS]}):
        return [secret.secret_value for secret in scan_line(value)]


@pytest.mark.parametrize("plugin", DRAWN)
@given(data=st.data())
def test_what_detect_secrets_finds_is_masked(plugin, data):
    value = data.draw(DRAWN[plugin])
    masked = Secrets().mask_value("note", value)

    assert list(PLUGINS[plugin]().analyze_string(value))
    assert MASK in masked
    assert not list(PLUGINS[plugin]().analyze_string(re.sub(re.escape(MASK), "", masked)))


@given(ORDINARY)
def test_neither_smargs_nor_detect_secrets_finds_a_secret_in_an_ordinary_value(value):
    assert secrets_found(value) == []
    assert Secrets().mask_value("note", value) == value
