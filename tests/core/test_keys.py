"""Keys and secrets: judged by their looks, and never shown."""

from __future__ import annotations

import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.core.errors import ConfigurationError
from creditctl.core.keys import KeyKind, Secret, parse_api_key, parse_server_key, parse_webhook_secrets, redact
from creditctl.core.modes import Mode

BODY = "exampleexample1234"
LIVE = "sk_" + "live_" + BODY
bodies = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=12, max_size=99)


@pytest.mark.parametrize(
    ("text", "kind", "mode"),
    [
        ("sk_test_" + BODY, KeyKind.SECRET, Mode.TEST),
        (LIVE, KeyKind.SECRET, Mode.LIVE),
        ("rk_test_" + BODY, KeyKind.RESTRICTED, Mode.TEST),
        ("rk_" + "live_" + BODY, KeyKind.RESTRICTED, Mode.LIVE),
        ("rkcs_test_" + BODY, KeyKind.RESTRICTED, Mode.TEST),
        ("pk_test_" + BODY, KeyKind.PUBLISHABLE, Mode.TEST),
    ],
)
def test_the_prefix_says_kind_and_mode(text: str, kind: KeyKind, mode: Mode) -> None:
    key = parse_api_key(text)

    assert (key.kind, key.mode, key.livemode) == (kind, mode, mode is Mode.LIVE)


@pytest.mark.parametrize(
    "text",
    ["", " ", "hello", "sk_test_", "sk_test_...", "sk_prod_" + BODY, "whsec_" + BODY, "sk_org_" + BODY,
     " sk_test_" + BODY, "sk_test_" + BODY + "\n", "sk_test_" + BODY + "​"],
)  # fmt: skip
def test_what_is_no_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_api_key(text)

    assert BODY not in str(caught.value) + caught.value.fix


def test_a_publishable_key_is_no_server_key() -> None:
    with pytest.raises(ConfigurationError, match="publishable"):
        parse_server_key("pk_test_" + BODY)


def test_several_webhook_secrets_keep_their_order() -> None:
    secrets = parse_webhook_secrets("whsec_new1234567890, whsec_old1234567890")

    assert [secret.reveal() for secret in secrets] == ["whsec_new1234567890", "whsec_old1234567890"]
    assert parse_webhook_secrets("") == ()


@pytest.mark.parametrize("text", ["sk_test_" + BODY, "whsec_", "whsec_ab cd", "whsec_good1234,bad"])
def test_a_malformed_webhook_secret_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_webhook_secrets(text)


@given(bodies)
def test_a_secret_shows_prefix_and_last_four_in_every_way_of_printing(body: str) -> None:
    secret = Secret("sk_test_" + body)

    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", f"{[secret]}", f"{secret:40}"):
        assert body not in shown
        assert "sk_test_…" + body[-4:] in shown


def test_a_short_secret_does_not_show_its_tail() -> None:
    assert repr(Secret("whsec_abcdef")) == "whsec_…"
    assert repr(Secret("hunter2")) == "…"


def test_a_secret_is_compared_and_hashed_by_value_and_is_not_pickled() -> None:
    assert Secret("whsec_a") == Secret("whsec_a")
    assert Secret("whsec_a") != Secret("whsec_b")
    assert len({Secret("whsec_a"), Secret("whsec_a")}) == 1
    with pytest.raises(TypeError):
        pickle.dumps(Secret("whsec_a"))


def test_a_traceback_shows_no_secret() -> None:
    secret = Secret(LIVE)
    try:
        raise RuntimeError(f"failed with {secret}")
    except RuntimeError:
        shown = traceback.format_exc()

    assert BODY not in shown


@given(bodies, st.sampled_from(["sk_test_", "sk_" + "live_", "rk_test_", "rkcs_test_", "whsec_", "sk_org_", "oak_"]))
def test_redact_cuts_secrets_out_of_any_sentence(body: str, prefix: str) -> None:
    assert body not in redact(f"key={prefix}{body}; next")
    assert redact(f"({prefix}{body})").endswith(body[-4:] + ")")


@pytest.mark.parametrize(
    "text",
    [
        *("risk_level highest", "task_test", "pk_test_publishable1234", "cs_test_a1B2c3", "pi_3ABC"),
        *("a key that begins with `sk_live_emulator`", "sk_live_emulator$(openssl rand -hex 12)"),
    ],
)
def test_redact_leaves_what_is_no_secret(text: str) -> None:
    assert redact(text) == text
