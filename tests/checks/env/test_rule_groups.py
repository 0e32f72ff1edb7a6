"""Each thing that can be wrong with a configuration is found, at its place; and nothing where nothing is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from creditctl.checks.env.collect import decode
from creditctl.checks.env.dotenv_text import parse_env
from creditctl.checks.env.model import ALL_KEYS, EnvFile, EnvView, process_part
from creditctl.checks.env.rule_groups import RULE_GROUPS, judge_env
from creditctl.core.findings import Finding, Severity
from creditctl.core.keys import SECRET_PATTERN
from creditctl.core.modes import Mode
from tests.support.keys import REHEARSAL_KEY, TEST_KEY

Codes = Callable[..., dict[str, str]]
Judge = Callable[..., list[Finding]]

BODY = "51AbCdEfGhIjKlMn" + "oPqRsTuVwXyZ0123456789" * 3
OTHER_BODY = "5" + "zYxWvUtSrQpOnMlK" + "oPqRsTuVwXyZ0123456789" * 3
LIVE_KEY = "sk_live_" + BODY
HOOK = "whsec_" + "aB3dE6gH9" * 4


def test_nothing_is_wrong_with_good_test_settings(codes: Codes, good: dict[str, str]) -> None:
    frontend = {"NEXT_PUBLIC_API_URL": "http://localhost:8000", "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": "pk_test_" + BODY}

    assert codes(good) == {}
    assert codes(good, expected=Mode.TEST) == {}
    assert codes(good, frontend=frontend) == {}


def test_nothing_is_wrong_with_good_live_settings(codes: Codes, live: dict[str, str]) -> None:
    frontend = {"NEXT_PUBLIC_API_URL": "https://api.acme.io", "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": "pk_live_" + BODY}

    assert codes(live, frontend=frontend, expected=Mode.LIVE) == {}


def test_nothing_is_wrong_with_good_emulator_settings(codes: Codes, good: dict[str, str]) -> None:
    local = {**good, "STRIPE_SECRET_KEY": TEST_KEY, "STRIPE_API_BASE": "http://127.0.0.1:12111"}

    assert codes(local, expected=Mode.EMULATOR) == {}


def test_settings_may_all_come_from_the_process(codes: Codes, good: dict[str, str]) -> None:
    assert codes(None, process=good) == {}


@pytest.mark.parametrize("name", ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "FRONTEND_URL"])
def test_a_missing_setting_is_found(codes: Codes, good: dict[str, str], name: str) -> None:
    del good[name]

    assert codes(good) == {"key.missing": ".env"}


@pytest.mark.parametrize("name", ["STRIPE_SECRET_KEY", "FRONTEND_URL"])
def test_a_setting_without_a_value_is_found_on_its_line(codes: Codes, good: dict[str, str], name: str) -> None:
    good[name] = ""

    assert codes(good) == {"key.empty": f".env:{list(good).index(name) + 1}"}


def test_a_signing_secret_that_set_up_has_yet_to_write_is_a_note(judge: Judge, good: dict[str, str]) -> None:
    without = {name: value for name, value in good.items() if name != "STRIPE_WEBHOOK_SECRET"}

    def severity(settings_: dict[str, str], **options: object) -> list[Severity]:
        return [item.severity for item in judge(settings_, **options) if "STRIPE_WEBHOOK_SECRET" in item.message]

    assert severity({**good, "STRIPE_WEBHOOK_SECRET": ""}) == [Severity.INFO]
    assert severity(without) == [Severity.HIGH]
    assert severity(without, before_setup=True) == [Severity.INFO]
    assert severity(good, process={"STRIPE_WEBHOOK_SECRET": ""}) == [Severity.HIGH]


def test_the_backends_url_is_needed_in_live_mode_only(codes: Codes, good: dict[str, str], live: dict[str, str]) -> None:
    for settings_ in (good, live):
        del settings_["CREDITS_API_URL"]

    assert codes(good) == {}
    assert codes(live) == {"key.missing": ".env"}


def test_no_file_and_no_key_is_one_thing_to_do_first(codes: Codes) -> None:
    assert codes(None)["file.missing"] == ".env"


KEY, SECRET, FRONT, API = 1, 2, 3, 4

BAD_VALUES: list[tuple[int, str, str]] = [
    (KEY, "sk_test_...", "value.placeholder"),
    (KEY, "changeme", "value.placeholder"),
    (KEY, "<your key>", "value.placeholder"),
    (SECRET, "whsec_...", "value.placeholder"),
    (FRONT, "https://your-frontend-domain.com", "value.placeholder"),
    (FRONT, "https://example.com", "value.placeholder"),
    (KEY, f'"sk_test_{BODY[:9]}\u200b{BODY[9:]}"', "value.hidden_character"),
    (SECRET, f"{HOOK}\u200d", "value.hidden_character"),
    (FRONT, "http://localhost:3000\u00ad", "value.hidden_character"),
    (SECRET, f'"{HOOK} "', "value.white_space"),
    (SECRET, f'"{HOOK}\n"', "value.white_space"),
    (SECRET, f"{HOOK[:12]} {HOOK[12:]}", "value.white_space"),
    (KEY, f"'\"sk_test_{BODY}\"'", "value.quotes"),
    (KEY, f"“sk_test_{BODY}”", "value.quotes"),
    (FRONT, "http://localhost:${PORT}", "value.reference"),
    (KEY, f"pk_test_{BODY}", "stripe_key.kind"),
    (KEY, HOOK, "stripe_key.kind"),
    (KEY, f"sk_org_{BODY}", "stripe_key.kind"),
    (KEY, f"oak_{BODY}", "stripe_key.kind"),
    (KEY, f"ek_test_{BODY}", "stripe_key.kind"),
    (KEY, f"sk_{BODY}", "stripe_key.kind"),
    (KEY, "hello", "stripe_key.kind"),
    (KEY, f"sk_test_{BODY}-", "stripe_key.kind"),
    (KEY, "sk_test_51AbCdEfGh", "stripe_key.short"),
    (SECRET, f"sk_test_{BODY}", "webhook_secret.kind"),
    (SECRET, "we_1AbCdEfGhIjKlMnOpQr", "webhook_secret.kind"),
    (SECRET, f"{HOOK}!", "webhook_secret.kind"),
    (SECRET, f"{HOOK},{HOOK}", "webhook_secret.twice"),
    (SECRET, "whsec_aB3dE6gH9", "webhook_secret.short"),
    (SECRET, f"{HOOK},whsec_aB3dE6gH9", "webhook_secret.short"),
    (FRONT, "localhost:3000", "url.malformed"),
    (FRONT, "ftp://shop.acme.io", "url.malformed"),
    (FRONT, "http://", "url.malformed"),
    (FRONT, "http://[::1", "url.malformed"),
    (FRONT, "http://localhost:99999", "url.malformed"),
    (FRONT, "http://me:pass@localhost:3000", "url.malformed"),
    (FRONT, "http://localhost:3000?a=1", "url.malformed"),
    (FRONT, "http://localhost:3000/", "url.slash"),
    (FRONT, "http://shop.acme.io", "url.not_https"),
    (API, "http://localhost:8000/api/credits/webhook", "url.path"),
    (KEY, f"sk_test_{BODY}sk_test_{BODY}", "value.repeated"),
    (KEY, f"sk_test_sk_test_{BODY}", "value.repeated"),
    (SECRET, f"{HOOK}{HOOK}", "value.repeated"),
    (KEY, f"sk_test_{BODY[:44]}", "stripe_key.short"),
    (SECRET, "whsec_" + "0a1b2c3d" * 4, "webhook_secret.short"),
    (KEY, "sk_test_" + "4eC39HqLyj" + "WDarjtT1zdp7dc", "stripe_key.sample"),
    (FRONT, "http://localhost:3000,http://localhost:5173", "url.malformed"),
    (FRONT, "https://app.acme.iohttps://app.acme.io", "url.malformed"),
    (API, "https://api.acme.io;https://b.acme.io", "url.malformed"),
    (FRONT, "http://localhost:3000/credits/success", "url.path"),
    (FRONT, "http://localhost:3000/shop/cancel/", "url.path"),
    (FRONT, "https://mydomain.com", "value.placeholder"),
    (FRONT, "https://app.yourcompany.com", "value.placeholder"),
    (FRONT, "https://[your-domain]", "value.placeholder"),
]

HEALTHY_HOSTS = [
    "dummy.ai",
    "todo.app",
    "none.io",
    "null.dev",
    "undefined.studio",
    "app.changemedia.com",
    "yourkeyring.com",
    "my.your-site-builder.com",
    "acme-credits.vercel.app",
    "acme.netlify.app",
    "acme.pages.dev",
    "xn--mller-kva.de",
]


@pytest.mark.parametrize("host", HEALTHY_HOSTS)
def test_the_name_of_a_product_is_no_placeholder_and_no_preview(codes: Codes, live: dict[str, str], host: str) -> None:
    assert codes({**live, "FRONTEND_URL": f"https://{host}", "CREDITS_API_URL": f"https://api.{host}"}) == {}


PASSING_HOSTS = [
    "ab12.ngrok-free.app",
    "calm-sea.trycloudflare.com",
    "x.loca.lt",
    "shop-git-main-acme.vercel.app",
    "deploy-preview-3--acme.netlify.app",
    "8000-acme-shop.gitpod.io",
    "fluffy-8000.app.github.dev",
]


@pytest.mark.parametrize("host", PASSING_HOSTS)
@pytest.mark.parametrize("name", ["FRONTEND_URL", "CREDITS_API_URL"])
def test_a_tunnel_or_preview_is_a_fault_in_live_mode_only(
    codes: Codes, good: dict[str, str], live: dict[str, str], name: str, host: str
) -> None:
    assert set(codes({**live, name: f"https://{host}"})) == {"url.passing"}
    assert codes({**good, name: f"https://{host}"}) == {}


def test_quotes_and_a_comment_are_notes(judge: Judge, good: dict[str, str]) -> None:
    text = "".join(f'{name}="{value}" # note\n' for name, value in good.items())

    assert {item.severity for item in judge(text)} <= {Severity.LOW, Severity.INFO}


def test_a_browser_calls_a_container_by_another_name(codes: Codes, good: dict[str, str]) -> None:
    docker = {**good, "CREDITS_API_URL": "http://backend:8000"}

    assert codes(docker, frontend={"NEXT_PUBLIC_API_URL": "http://localhost:8000"}) == {}


def test_a_file_that_its_group_reads_is_private_enough(good: dict[str, str], look: Callable[..., EnvView]) -> None:
    view = look(good)
    place = replace(view.backend.place, permissions=0o640)

    assert not [
        item for item in judge_env(replace(view, backend=replace(view.backend, place=place))) if "mode" in item.code
    ]


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("STRIPE_API_KEY", f"sk_test_{BODY}", "STRIPE_SECRET_KEY"),
        ("STRIPE_SECRET_KEYS", f"rk_test_{BODY}", "STRIPE_SECRET_KEY"),
        ("STRIPE_ENDPOINT_SECRET", HOOK, "STRIPE_WEBHOOK_SECRET"),
    ],
)
def test_a_key_under_another_name_is_one_fault(
    judge: Judge, good: dict[str, str], name: str, value: str, right: str
) -> None:
    del good[right]

    for found in (judge({**good, name: value}), judge(good, process={name: value})):
        blamed = [(item.code, item.message) for item in found if item.severity is not Severity.INFO]
        assert [code for code, _ in blamed] == ["env.key.other_name"]
        assert name in blamed[0][1]
        assert right in blamed[0][1]


def test_a_key_under_another_name_beside_the_right_one_is_fine(codes: Codes, good: dict[str, str]) -> None:
    assert codes({**good, "STRIPE_API_KEY": good["STRIPE_SECRET_KEY"]}) == {}


@pytest.mark.parametrize("name", [".env.production", ".env.prod.local"])
def test_a_test_key_in_a_file_for_production_is_found(
    tmp_path: Path, codes: Codes, good: dict[str, str], name: str
) -> None:
    other = tmp_path / name
    other.write_text(f"STRIPE_SECRET_KEY=sk_test_{BODY}\n")
    other.chmod(0o600)

    assert codes(good) == {"stripe_key.file": f"{name}:1"}


def test_a_live_key_in_a_file_for_development_is_found(tmp_path: Path, codes: Codes, good: dict[str, str]) -> None:
    other = tmp_path / ".env.development"
    other.write_text(f"A=1\nSTRIPE_SECRET_KEY={LIVE_KEY}\n")
    other.chmod(0o644)

    assert codes(good) == {"stripe_key.file": ".env.development:2", "file.mode": ".env.development"}


@pytest.mark.parametrize(("line", "value", "code"), BAD_VALUES)
def test_a_bad_value_is_found_on_its_line(codes: Codes, good: dict[str, str], line: int, value: str, code: str) -> None:
    good[list(good)[line - 1]] = value

    assert codes(good).get(code) == f".env:{line}"


@pytest.mark.parametrize(("line", "value", "code"), BAD_VALUES)
def test_a_bad_value_is_found_in_the_process_environment_too(
    codes: Codes, good: dict[str, str], line: int, value: str, code: str
) -> None:
    read = parse_env(f"{list(good)[line - 1]}={value}\n").values
    process = {**good, **{name: text or "" for name, text in read.items()}}

    assert codes(None, process=process).get(code) == "process environment"


@pytest.mark.parametrize(
    ("text", "code", "subject"),
    [
        ("\ufeff{}", "file.bom", ".env:1"),
        ("{}nonsense=' open\n", "file.syntax", ".env:5"),
        ("{}FRONTEND_URL=http://localhost:3001\n", "key.duplicate", ".env:5"),
        ("{}THEIRS=1\n\nTHEIRS=1\n", "key.duplicate", ".env:7"),
        ("{} THEIRS=1\n", "file.white_space", ".env:5"),
        ("{}THEIRS=1", "file.last_line", ".env:5"),
        ("{}THEIRS=1\r\n", "file.line_ends", ".env:5"),
        ("{}# old: " + LIVE_KEY + "\n", "secret.comment", ".env:5"),
        ("{}# old: " + HOOK + "\n", "secret.comment", ".env:5"),
        ("{}OTHER_KEY=" + LIVE_KEY + "\n", "secret.live", ".env:5"),
        ("{}NEXT_PUBLIC_KEY=" + HOOK + "\n", "secret.public", ".env:5"),
        ("{}VITE_KEY=sk_test_" + BODY + "\n", "secret.public", ".env:5"),
        ("{}STRIPE_ACCOUNT_ID=account\n", "account.malformed", ".env:5"),
        ("{}STRIPE_ACCOUNT_ID=acct_" + OTHER_BODY[1:17] + "\n", "account.differs", ".env:1"),
        ("{}STRIPE_API_BASE=https://stripe.acme.io\n", "api_base.refused", ".env:5"),
    ],
)
def test_a_fault_of_the_text_is_found_on_its_line(
    codes: Codes, good: dict[str, str], text: str, code: str, subject: str
) -> None:
    lines = "".join(f"{name}={value}\n" for name, value in good.items())

    assert codes(text.replace("{}", lines)).get(code) == subject


def test_quotes_and_comments_that_dotenv_takes_off_are_notes_except_on_secrets(
    judge: Judge, good: dict[str, str]
) -> None:
    good["STRIPE_WEBHOOK_SECRET"] = f'"{HOOK}" # from the Dashboard'
    good["FRONTEND_URL"] = "'http://localhost:3000' # ours"
    severity = {(item.code, item.subject): item.severity for item in judge(good)}

    assert severity == {
        ("env.file.quotes", ".env:2"): Severity.LOW,
        ("env.file.comment", ".env:2"): Severity.LOW,
        ("env.file.quotes", ".env:3"): Severity.INFO,
        ("env.file.comment", ".env:3"): Severity.INFO,
        ("env.url.local", ".env:4"): Severity.INFO,
    }


@pytest.mark.parametrize(
    ("expected", "value", "code"),
    [
        (Mode.LIVE, f"sk_test_{BODY}", "stripe_key.mode"),
        (Mode.TEST, LIVE_KEY, "stripe_key.mode"),
        (Mode.EMULATOR, f"sk_test_{BODY}", "api_base.mode"),
    ],
)
def test_another_mode_than_the_expected_one_is_critical(
    judge: Judge, good: dict[str, str], expected: Mode, value: str, code: str
) -> None:
    found = judge({**good, "STRIPE_SECRET_KEY": value}, expected=expected)

    assert Severity.CRITICAL in [item.severity for item in found if item.code == f"env.{code}"]


def test_an_emulators_base_is_found_where_test_mode_is_meant(codes: Codes, good: dict[str, str]) -> None:
    local = {**good, "STRIPE_API_BASE": "http://127.0.0.1:12111"}

    assert codes(local, expected=Mode.TEST)["api_base.mode"] == ".env:5"
    assert codes({**local, "STRIPE_SECRET_KEY": LIVE_KEY})["api_base.live_key"] == ".env:5"


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "10.0.0.7", "192.168.1.2", "backend", "shop.local", "[::1]"]
)
def test_a_local_address_is_found_in_live_mode(codes: Codes, live: dict[str, str], host: str) -> None:
    live["FRONTEND_URL"] = f"https://{host}"

    assert codes(live)["url.local"] == ".env:3"


def test_http_is_found_in_live_mode_even_when_only_live_is_expected(judge: Judge, live: dict[str, str]) -> None:
    live["CREDITS_API_URL"] = "http://api.acme.io"

    (found,) = [item for item in judge(live, expected=Mode.LIVE) if item.code == "env.url.not_https"]
    assert (found.severity, found.subject) == (Severity.HIGH, ".env:4")


@pytest.mark.parametrize(
    ("frontend", "code", "subject"),
    [
        ({"NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": f"pk_test_{BODY}"}, "key.missing", ".env.local"),
        ({"NEXT_PUBLIC_API_URL": ""}, "key.empty", ".env.local:1"),
        ({"NEXT_PUBLIC_API_URL": "http://localhost:9999"}, "url.disagree", ".env.local:1"),
        ({"NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": "pk_live_" + BODY}, "publishable_key.mode", ".env.local:1"),
        ({"NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": f"sk_test_{BODY}"}, "secret.public", ".env.local:1"),
        ({"NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": "pk_test_..."}, "value.placeholder", ".env.local:1"),
        ({"NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": f"pk_test_{OTHER_BODY}"}, "account.differs", ".env.local:1"),
        ({"STRIPE_WEBHOOK_SECRET": HOOK}, "secret.frontend", ".env.local:1"),
    ],
)
def test_what_is_wrong_with_the_frontends_file_is_found(
    codes: Codes, good: dict[str, str], frontend: dict[str, str], code: str, subject: str
) -> None:
    assert codes(good, frontend=frontend).get(code) == subject


def test_two_names_of_this_machine_are_the_same_backend(codes: Codes, good: dict[str, str]) -> None:
    assert codes(good, frontend={"NEXT_PUBLIC_API_URL": "http://127.0.0.1:8000"}) == {}


def test_an_exported_variable_that_overrides_the_file_is_found_at_the_line_that_loses(
    judge: Judge, good: dict[str, str]
) -> None:
    process = {"STRIPE_WEBHOOK_SECRET": HOOK + "x", "FRONTEND_URL": "http://localhost:3009"}
    found = {item.subject: item.severity for item in judge(good, process=process) if item.code == "env.key.overridden"}

    assert found == {".env:2": Severity.HIGH, ".env:3": Severity.MEDIUM}


@pytest.mark.parametrize(
    ("name", "value", "lost"),
    [
        ("CREDITCTL_CATALOG", "packages.toml", True),
        ("CREDITCTL_CATALOG", ".env", False),
        ("CREDITCTL_LEDGER", "credit.db", False),
        ("CREDITCTL_LEDGER", "nowhere/credit.db", True),
        ("CREDITCTL_AUDIT", "~nobody-of-that-name/audit.jsonl", True),
        ("CREDITCTL_AUDIT", "a" * 300 + "/audit.jsonl", True),
    ],
)
def test_a_path_that_leads_nowhere_is_found(
    codes: Codes, good: dict[str, str], name: str, value: str, lost: bool
) -> None:
    assert codes({**good, name: value}) == ({"value.path": ".env:5"} if lost else {})


def test_one_stray_character_is_one_finding(codes: Codes, good: dict[str, str]) -> None:
    good["STRIPE_WEBHOOK_SECRET"] = f"{HOOK[:20]}\u200b{HOOK[20:]}"
    good["STRIPE_SECRET_KEY"] = f"‘{good['STRIPE_SECRET_KEY']}’"

    assert codes(good) == {"value.hidden_character": ".env:2", "value.quotes": ".env:1"}


def test_an_exported_variable_with_the_same_value_is_fine(codes: Codes, good: dict[str, str]) -> None:
    assert codes(good, process=good) == {}


def test_an_exported_empty_variable_hides_the_file(codes: Codes, good: dict[str, str]) -> None:
    found = codes(good, process={"STRIPE_SECRET_KEY": ""})

    assert found == {"key.empty": "process environment"}


def test_a_misspelled_name_is_found_while_the_right_one_is_missing(codes: Codes, good: dict[str, str]) -> None:
    good["FRONTEND_URLS"] = good.pop("FRONTEND_URL")

    assert codes(good)["key.misspelled"] == ".env:4"


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"A=1\nB=\xff\xfe\n", ".env:2"),
        ("A=1\nB=2\n".encode("utf-16"), ".env:1"),
        ("A=1\nB=2\n".encode("utf-16-le"), ".env:1"),
        (b"A=1\nB=\0\nC\xff\n", ".env:2"),
    ],
    ids=["bytes", "UTF-16", "UTF-16 without a mark", "NUL"],
)
def test_bytes_that_are_no_text_are_found(codes: Codes, content: bytes, place: str) -> None:
    assert codes(content)["file.encoding"] == place


def test_what_is_no_text_is_one_finding_and_not_one_a_line(judge: Judge) -> None:
    found = [item.code for item in judge(b"A 1\nB=\xff\n" + b"no setting\n" * 1000)]

    assert (found.count("env.file.encoding"), found.count("env.file.syntax")) == (1, 1)


def test_two_secrets_of_a_rotation_are_only_a_note(judge: Judge, good: dict[str, str]) -> None:
    good["STRIPE_WEBHOOK_SECRET"] = f"{HOOK}, {HOOK}x"

    assert {item.code for item in judge(good)} == {"env.webhook_secret.rotation", "env.url.local"}


def test_every_finding_has_a_fix_and_a_code_of_its_own_room(judge: Judge) -> None:
    found = judge(f"STRIPE_SECRET_KEY={HOOK} #\r\nVITE_A={LIVE_KEY}\nFRONTEND_URL=x y", expected=Mode.LIVE)

    assert found
    assert all(item.code.startswith("env.") and item.fix and item.message.endswith(".") for item in found)


def test_the_groups_have_different_ids() -> None:
    assert len({group.id for group in RULE_GROUPS}) == len(RULE_GROUPS)


def test_every_rule_stands_in_one_group_only() -> None:
    rules = [rule for group in RULE_GROUPS for rule in group.rules]

    assert len(set(rules)) == len(rules)


def test_a_lost_folder_is_reported_once_and_fails_one_group(good: dict[str, str], look: Callable[..., EnvView]) -> None:
    view = look({**good, "CREDITCTL_LEDGER": "nowhere/credit.db"})

    blamed = [group.id for group in RULE_GROUPS for item in group.judge(view) if item.code == "env.value.path"]
    assert blamed == ["env.paths"]
    assert [item.code for item in judge_env(view)].count("env.value.path") == 1


SECRETS = st.builds(
    "{}{}".format,
    st.sampled_from(["sk_test_", "sk_live_", "rk_live_", "rkcs_test_", "whsec_", "oak_", "ek_test_", "sk_org_", ""]),
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", min_size=12, max_size=40),
)
NAMES = st.sampled_from([*sorted(ALL_KEYS), "VITE_X", "stripe_secret_key", "STRIPE_SECRET_KEYS", "X", "export Y", ""])
WRAPS = st.sampled_from(
    [
        "{}",
        " {} ",
        '"{}"',
        "'{}",
        '"{}\n"',
        "{}\r",
        "\u200b{}",
        "{} # {}",
        "https://{}@host/{}",
        "{}...",
        "${{{}}}",
        "“{}”",
    ]
)
SEPARATORS = st.sampled_from(["=", " = ", "", "==", ":"])


FileWithSecrets = tuple[str, list[str]]
"""The text of an env file, and the secrets in it."""


@st.composite
def files_with_secrets(draw: st.DrawFn) -> FileWithSecrets:
    secrets = draw(st.lists(SECRETS, min_size=1, max_size=4))
    lines = [
        draw(st.sampled_from(["", "# ", "  ", "\ufeff"]))
        + draw(NAMES)
        + draw(SEPARATORS)
        + draw(WRAPS).replace("{}", secret).replace("{{", "{").replace("}}", "}")
        for secret in secrets
    ]
    return draw(st.sampled_from(["\n", "\r\n", "\r"])).join(lines), secrets


def _view(backend: str, frontend: str, process: dict[str, str], expected: Mode | None) -> EnvView:
    def file(name: str, text: str) -> EnvFile:
        raw, bad = decode(text.encode("utf-8", errors="replace"))
        return EnvFile(name, name == ".env", exists=True, raw=raw, content=parse_env(raw), bad_utf8_line=bad)

    return EnvView(file(".env", backend), file(".env.local", frontend), process_part(process), expected)


@given(files_with_secrets(), files_with_secrets(), st.dictionaries(NAMES, SECRETS), st.sampled_from([None, *Mode]))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_no_finding_ever_shows_a_secret(
    backend: FileWithSecrets, frontend: FileWithSecrets, process: dict[str, str], expected: Mode | None
) -> None:
    found = judge_env(_view(backend[0], frontend[0], process, expected))
    shown = repr(found)

    for secret in [*backend[1], *frontend[1], *process.values()]:
        assert secret not in shown
    assert not SECRET_PATTERN.search(shown)


@given(st.text(max_size=200), st.text(max_size=80), st.sampled_from([None, *Mode]))
def test_any_text_at_all_is_judged_without_a_failure(backend: str, frontend: str, expected: Mode | None) -> None:
    found = judge_env(_view(backend, frontend, {}, expected))

    assert all(item.subject.startswith(".env") for item in found)
    assert len(set(found)) == len(found)


def test_a_rehearsal_of_live_mode_is_in_order_with_addresses_of_this_machine(codes: Codes) -> None:
    rehearsal = {
        "STRIPE_SECRET_KEY": REHEARSAL_KEY,
        "STRIPE_API_BASE": "http://127.0.0.1:12111",
        "STRIPE_WEBHOOK_SECRET": "whsec_aB3dE6gH9kLm",
        "FRONTEND_URL": "http://localhost:3000",
        "CREDITS_API_URL": "http://localhost:8000",
    }

    assert codes(rehearsal, expected=Mode.LIVE) == {}


def test_a_live_key_that_might_be_real_is_no_rehearsal(codes: Codes, live: dict[str, str]) -> None:
    assert "api_base.live_key" in codes({**live, "STRIPE_API_BASE": "http://127.0.0.1:12111"})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"FRONTEND_URL": "http://localhost:3000 http://localhost:5173"}, "value.white_space"),
        ({"FRONTEND_URL": "${PUBLIC_URL}"}, "value.reference"),
        ({"STRIPE_SECRET_KEY": f"'sk_test_{BODY}"}, "file.syntax"),
        ({"FRONTEND_URL": "https://münchen-kredit.de"}, "value.hidden_character"),
        ({"FRONTEND_URL": "https://acme.io/payment-success"}, "url.path"),
        ({"FRONTEND_URL": "https://acme.io/success.html"}, "url.path"),
        ({"STRIPE_SECRET_KEY": "sk_test_" + "1234567890abcdef" * 3}, "value.placeholder"),
        ({"FRONTEND_URL": "https://api.yourservice.com"}, "value.placeholder"),
        ({"FRONTEND_URL": "https://myapp.com"}, "value.placeholder"),
    ],
)
def test_one_fault_is_counted_once(judge: Judge, good: dict[str, str], changes: dict[str, str], code: str) -> None:
    bad = [found.code for found in judge({**good, **changes}) if found.severity.rank <= Severity.MEDIUM.rank]

    assert bad == [f"env.{code}"]


def test_a_line_that_cannot_be_read_is_the_fault_and_not_the_setting_that_it_hides(judge: Judge) -> None:
    assert [found.code for found in judge(None)] == ["env.file.missing"]

    colon = {"STRIPE_SECRET_KEY": f"sk_test_{BODY}", "STRIPE_WEBHOOK_SECRET": HOOK, "FRONTEND_URL: http": "//acme.io"}

    assert [found.code for found in judge(colon) if found.severity is Severity.HIGH] == ["env.file.syntax"]


def test_the_secret_of_stripe_listen_is_found_in_live_mode_alone(
    codes: Codes, good: dict[str, str], live: dict[str, str]
) -> None:
    of_the_cli = {"STRIPE_WEBHOOK_SECRET": "whsec_" + "0a1b2c3d4e5f6789" * 4}

    assert codes(good | of_the_cli) == {}
    assert codes(live | of_the_cli) == {"webhook_secret.cli": ".env:2"}
