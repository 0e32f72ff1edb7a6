"""What was read from a variable named as a secret is in no text, however it is spelled; what is not stays whole."""

from __future__ import annotations

import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.core.keys import EXAMPLE_KEY
from creditctl.core.redaction import Redactor, is_secret_name
from tests.support.keys import live_key

PASSWORD = 'p@ss/w:rd#"ä\\ %41+&1'


def redactor(*values: str, whole: bool = False) -> Redactor:
    built = Redactor()
    for value in values:
        built.register(value, whole=whole)
    return built


@pytest.mark.parametrize(
    "name",
    [
        *("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "DATABASE_URL", "REPLICA_DATABASE_URL", "JWT_SECRET"),
        *("API_TOKEN", "DB_PASSWORD", "SENTRY_DSN", "apikey", "PGPASSWORD", "DB_PASS", "MY_PWD", "AWS_CREDENTIALS"),
    ],
)
def test_names_that_say_secret(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("FRONTEND_URL", "CREDITS_API_URL", "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY", "SSL_KEY_FILE", "TOKEN_TTL"),
        *("COMPASS", "CREDITCTL_LEDGER", "PUBLIC_KEY", "SIGNATURES", "AUTHORS"),
    ],
)
def test_names_that_do_not(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "spelled",
    [
        PASSWORD,
        quote(PASSWORD, safe=""),
        quote(PASSWORD),
        quote_plus(PASSWORD),
        quote(PASSWORD, safe="").lower(),
        json.dumps(PASSWORD),
        json.dumps(PASSWORD, ensure_ascii=False),
        repr(PASSWORD),
        html.escape(PASSWORD),
    ],
)
def test_a_value_is_cut_out_in_every_spelling(spelled: str) -> None:
    shown = redactor(PASSWORD).redact(f"Error: authentication of app with {spelled} failed at once")

    assert spelled.strip("\"'") not in shown
    assert shown.startswith("Error: authentication of app with ")
    assert shown.endswith(" failed at once")


passwords = st.text(st.characters(codec="utf-8"), min_size=8, max_size=30).filter(
    lambda text: (
        text == text.strip()
        and "://" not in text
        and not set(text) <= set("0123456789.,:+-")
        and not (text.isalpha() and len(text) < 12)
    )
)


@given(passwords, st.text(st.sampled_from("ab \n…"), max_size=20), st.text(st.sampled_from("ab \n…"), max_size=20))
def test_no_value_of_some_length_is_left(secret: str, before: str, after: str) -> None:
    built = redactor(secret)

    for text in (f"{before}{secret}{after}", f"{before} {quote(secret, safe='')} {after}", repr(before + secret)):
        assert secret not in built.redact(text).replace("…", "\0")
    assert secret not in json.loads(built.redact(json.dumps({"x": f"{before}{secret}{after}"})))["x"].replace("…", "\0")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app:hunter22@db.example.com:5432/shop",
        "postgresql://app:hunter22@db.example.com/shop?sslmode=require&password=otherpass9",
        "mysql://app:p%40ss%2Fword1@db.example.com/shop",
        "postgres://app:un@escaped9@db.example.com/shop",
        "postgres://app:slash/inside9@db.example.com/shop",
        "postgres://app:badport9@db.example.com:port/shop",
    ],
)
def test_of_a_database_url_the_credentials_are_secret_and_the_rest_is_not(url: str) -> None:
    built, host = redactor(url), "db.example.com"
    words = f"cannot reach postgresql://{host}/shop (sslmode require) as app"

    assert built.redact(words) == words
    assert built.redact(f"failed: {url}!") == "failed: …!"
    for piece in ("hunter22", "otherpass9", "p@ss/word1", "p%40ss%2Fword1", "un@escaped9", "slash/inside9", "badport9"):
        if piece in url:
            assert piece not in built.redact(f'host "{piece}@{host}" and {piece} and "{piece}"')
    assert "escaped9" not in built.redact(f'could not translate host name "escaped9@{host}"') or "escaped9" not in url


@pytest.mark.parametrize(
    "value",
    [
        "host=db.example.com user=app password=hunter22 dbname=shop",
        "Server=db.example.com;Database=shop;Pwd=hunter22;",
        "host=db.example.com password='hunter22'",
        "jdbc:postgresql://db.example.com/shop?user=app&password=hunter22",
        "postgres://app:hunter22 with a blank@db.example.com/shop",
        " redis://:hunter22@db.example.com:6379/0\n",
    ],
)
def test_a_password_is_found_in_every_form_of_a_connection_string(value: str) -> None:
    password = "hunter22 with a blank" if "blank" in value else "hunter22"

    assert "hunter22" not in redactor(value).redact(f"cannot log in with {password}, {password!r} or {value.strip()}")


@pytest.mark.parametrize(
    "url", ["sqlite:///app.db", "postgresql://db.example.com/shop", "https://auth.example.com/token"]
)
def test_a_url_without_credentials_is_no_secret(url: str) -> None:
    assert redactor(url).redact(f"at {url}") == f"at {url}"


def test_an_address_that_is_a_secret_as_such_is_cut_out_with_its_path() -> None:
    url = "https://hooks.example.com/services/T0000000000/abcdefghijklmnopqrstuvwx"
    built = redactor(url, whole=True)

    assert built.redact(f"POST {url} -> 500") == "POST … -> 500"
    assert "abcdefghijklmnopqrstuvwx" not in built.redact("404 for /services/T0000000000/abcdefghijklmnopqrstuvwx")


@pytest.mark.parametrize("value", ["abc", "1", "12345", "100000", "3.14159", "true", "creditctl", "Stripe"])
def test_a_short_value_a_number_or_our_own_word_shreds_no_text(value: str) -> None:
    text = f"creditctl abcdef 100000 credits, 12345 cents, true story, 3.14159, Stripe {value}s"
    built = redactor(value)

    assert built.redact(text) == text
    assert built.redact(f"postgres://app:{value}@host") == "postgres://app:…@host"
    assert built.redact(f"password={value} host=db") == "password=… host=db"
    assert built.redact(f"role '{value}' refused") == "role '…' refused"


def test_a_short_word_is_not_cut_out_of_other_words() -> None:
    assert redactor("season").redact("seasoned; season; unseasonal") == "seasoned; …; unseasonal"
    assert redactor("packages").redact("creditctl.packages.v1, --packages: packages.") == (
        "creditctl.packages.v1, --packages: …."
    )
    assert redactor("season1").redact("season1x, season1.") == "season1x, …."


def test_a_document_keeps_its_fields_and_stays_a_document() -> None:
    built = redactor("balances", "user_id", "777777", 'say "hi"')
    document = {"balances": [{"user_id": "user_id", "credits": 777777, "note": 'they say "hi" there'}]}
    shown = json.loads(built.redact(json.dumps(document, indent=2)))

    assert shown == {"balances": [{"user_id": "…", "credits": 777777, "note": "they … there"}]}


def test_a_key_of_stripe_keeps_its_prefix_and_goes_without_it_too() -> None:
    key, secret = live_key("a1B2" * 8), "whsec_" + "zYxW9876" * 4
    built = redactor(key, f"{secret},{secret}x")

    assert built.redact(f"key {key}") == "key sk_live_…a1B2"[:12] + "_…a1B2" or "sk_live_…" in built.redact(
        f"key {key}"
    )
    assert "zYxW9876" * 4 not in built.redact("got " + "zYxW9876" * 4)
    assert secret not in built.redact(f"holds {secret}")
    assert redactor(EXAMPLE_KEY).redact(f"export STRIPE_SECRET_KEY={EXAMPLE_KEY}").endswith(EXAMPLE_KEY)
    assert redactor("pk_test_" + "visible0for0all").redact("pk_test_visible0for0all") == "pk_test_visible0for0all"


def test_a_value_of_several_lines_is_cut_out_line_by_line() -> None:
    lines = ["-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "-----END PRIVATE KEY-----"]
    shown = redactor("\n".join(lines)).redact(f"read:\n  {lines[1]}\n")

    assert lines[1] not in shown


def test_what_was_asked_for_is_shown() -> None:
    secret = "whsec_" + "zYxW9876" * 4
    built = redactor(secret)
    built.release(secret)

    assert built.redact(secret) == secret


def test_only_what_is_named_as_a_secret_is_registered() -> None:
    built = Redactor()
    built.register_all({"FRONTEND_URL": "http://visible.example.com", "APP_SECRET": "not0visible", "EMPTY_KEY": ""})

    assert built.redact("http://visible.example.com not0visible") == "http://visible.example.com …"


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("host=db port=5432 password=aPw9 user=app", "host=db port=5432 password=… user=app"),
        ("postgresql://app:hUnter2pw@db/shop", "postgresql://app:…@db/shop"),
        ("payment_key=order_id", "payment_key=order_id"),
        ("password=", "password="),
        ("API_TOKEN=aPw9xy PORT=1 ./run && curl http://h/", "API_TOKEN=… PORT=1 ./run && curl http://h/"),
        ("stripe.whsec_aB3dE6gHaB3dE6gH", "stripe.whsec_…E6gH"),
    ],
)
def test_of_a_command_line_only_what_can_be_nothing_but_a_password_is_cut_out(word: str, shown: str) -> None:
    built = Redactor()
    built.register_typed(["--map", word])

    assert built.redact(f"There is no {word}.") in (f"There is no {shown}.", "There is no ….")
    assert built.redact("order_id of app") == "order_id of app"


def test_the_password_of_any_url_is_cut_out_whoever_wrote_it() -> None:
    built = Redactor()

    assert built.redact("we_1 delivers to https://us:hUnter2@shop.example/hook, and") == (
        "we_1 delivers to https://us:…@shop.example/hook, and"
    )
    assert built.redact("http://127.0.0.1:8000/a@b and https://h:1/x?at=12:30@home") == (
        "http://127.0.0.1:8000/a@b and https://h:1/x?at=12:30@home"
    )


def test_of_a_url_in_any_setting_the_password_is_cut_out_and_the_rest_is_shown() -> None:
    built = Redactor()
    built.register_all(
        {"CREDITS_API_URL": "https://us:p@ss/w0rd@shop.example", "FRONTEND_URL": "http://localhost:3000"}
    )

    assert built.redact("to https://us:p@ss/w0rd@shop.example/hook") == "to https://us:…/hook"
    assert built.redact("http://localhost:3000") == "http://localhost:3000"


def test_each_url_of_a_typed_program_is_read_for_itself() -> None:
    built = Redactor()
    built.register_typed(
        ["curl http://us:first-pw1@a.example/x; npm start http://b.example:8000 --mail me@shop.example"]
    )
    assert built.redact("us:first-pw1 is first-pw1") == "us:… is …"
    assert built.redact("8000 --mail me@shop.example") == "8000 --mail me@shop.example"
