"""Rules about what Stripe issues: the right kind of key in each slot, one mode, one account, no secret in public."""

from __future__ import annotations

import re
from collections.abc import Iterator

from creditctl.checks.env.model import PROCESS, PUBLIC_PREFIXES, EnvView, Setting, finding
from creditctl.checks.env.placeholders import is_placeholder, is_sample_key
from creditctl.checks.env.value_patterns import (
    account_of_id,
    account_of_key,
    has_stray_characters,
    is_cut_short,
    is_of_the_cli,
    is_repeated,
    looks_like,
)
from creditctl.core.errors import ConfigurationError
from creditctl.core.findings import Finding, Severity
from creditctl.core.keys import SECRET_PATTERN, ApiKey, KeyKind, parse_api_key, parse_webhook_secrets
from creditctl.core.modes import STRIPE_API_BASE, Mode, decide_mode

_KEY = "STRIPE_SECRET_KEY"
_SIGNING = "STRIPE_WEBHOOK_SECRET"
_PUBLISHABLE = "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY"
_DASHBOARD = "Copy it from the Dashboard (Developers, API keys)"
_LIVE_SECRET = re.compile(r"(?:sk|rk)_live_[A-Za-z0-9_]{4,}")


def server_key(view: EnvView) -> Iterator[Finding]:
    """STRIPE_SECRET_KEY is a whole secret or restricted key."""
    setting = _usable(view, _KEY)
    if setting is None:
        return
    key = _parsed(setting)
    if key is None or key.kind is KeyKind.PUBLISHABLE:
        text = f"{_KEY} is {_what(setting)}; a server needs a secret key (sk_…) or a restricted key (rk_…)."
        yield finding("stripe_key.kind", Severity.CRITICAL, setting.where, text, f"{_DASHBOARD}.")
        return
    yield from _judged_key(view, setting, key)


def _judged_key(view: EnvView, setting: Setting, key: ApiKey) -> Iterator[Finding]:
    if is_sample_key(setting.value):
        text = f"{_KEY} is a key of Stripe's own code examples, which everybody can read; it opens no account of yours."
        yield finding("stripe_key.sample", Severity.CRITICAL, setting.where, text, f"{_DASHBOARD}.")
    if is_cut_short(key.secret.reveal()) and not _made_up(view):
        text = f"{_KEY} is shorter than any key that Stripe makes; a part of it may be missing."
        yield finding("stripe_key.short", Severity.MEDIUM, setting.where, text, f"{_DASHBOARD} as a whole.")
    if setting.value.startswith("rkcs_"):
        text = "The key is of a claimable sandbox, which expires unless somebody claims it."
        yield finding("stripe_key.claimable", Severity.INFO, setting.where, text, "Claim the sandbox to keep it.")
    if key.livemode and key.kind is KeyKind.SECRET:
        text = "The live key may do everything in the account; a restricted key (rk_live_…) can be limited."
        fix = "Make a restricted key with what `creditctl env check --online` lists, once everything works."
        yield finding("stripe_key.unrestricted", Severity.INFO, setting.where, text, fix)


def mode(view: EnvView) -> Iterator[Finding]:
    """Key and base say the mode that is expected, and the frontend's key says the same."""
    setting, key = view.winning(_KEY), _parsed(view.winning(_KEY))
    if setting is None or key is None:
        return
    if view.expected in (Mode.TEST, Mode.LIVE) and key.mode is not view.expected:
        text = f"{_KEY} is a {key.mode} key, but {view.expected} is expected."
        fix = f"Use the {view.expected} key (sk_{view.expected}_… or rk_{view.expected}_…)."
        yield finding("stripe_key.mode", Severity.CRITICAL, setting.where, text, fix)
    public = view.winning(_PUBLISHABLE)
    other = _parsed(public)
    if public is not None and other is not None and other.mode is not key.mode:
        text = f"The frontend's key is a {other.mode} key, the backend's a {key.mode} key."
        fix = f"Use the pk_{key.mode}_… key of the same account."
        yield finding("publishable_key.mode", Severity.HIGH, public.where, text, fix)


def api_base(view: EnvView) -> Iterator[Finding]:
    """STRIPE_API_BASE is Stripe's own, this machine's or a listed emulator's, and fits the mode and the key."""
    setting = view.winning("STRIPE_API_BASE")
    where = view.backend.name if setting is None else setting.where
    try:
        said = None if setting is None else setting.value.strip()
        base_mode = decide_mode(said, Mode.TEST, view.emulator_hosts)
    except ConfigurationError as error:
        yield finding("api_base.refused", Severity.CRITICAL, where, error.message, error.fix)
        return
    local = base_mode is Mode.EMULATOR
    key = _parsed(view.winning(_KEY))
    rehearses = view.rehearses_live and key is not None and key.is_for_emulators
    if view.expected is not None and not rehearses and local is not (view.expected is Mode.EMULATOR):
        side = "an emulator" if local else "Stripe"
        text = f"Requests go to {side}, but {view.expected} mode is expected."
        fix = "Unset STRIPE_API_BASE." if local else "Set STRIPE_API_BASE to the emulator's, http://127.0.0.1:PORT."
        yield finding("api_base.mode", Severity.CRITICAL, where, text, fix)
    if local and key is not None and key.livemode and not rehearses:
        text = f"A live key is set, but STRIPE_API_BASE is this machine, not {STRIPE_API_BASE}."
        yield finding("api_base.live_key", Severity.HIGH, where, text, "Use a test key, or unset STRIPE_API_BASE.")


def webhook_secret(view: EnvView) -> Iterator[Finding]:
    """STRIPE_WEBHOOK_SECRET is one signing secret, or the few of a rotation."""
    setting = _usable(view, _SIGNING)
    if setting is None:
        return
    try:
        secrets = parse_webhook_secrets(setting.value)
    except ConfigurationError:
        text = f"STRIPE_WEBHOOK_SECRET holds {looks_like(setting.value)}, where a signing secret (whsec_…) belongs."
        if looks_like(setting.value).startswith("a webhook signing secret"):
            text = "STRIPE_WEBHOOK_SECRET holds characters that no signing secret has."
        fix = "Copy the endpoint's signing secret (Developers, Webhooks, Reveal), or let `creditctl setup` write it."
        yield finding("webhook_secret.kind", Severity.CRITICAL, setting.where, text, fix)
        return
    yield from _short_secret(view, setting, any(is_cut_short(secret.reveal()) for secret in secrets))
    if view.mode is Mode.LIVE and any(is_of_the_cli(secret.reveal()) for secret in secrets):
        text = "A signing secret looks like that of `stripe listen`, which signs nothing that Stripe delivers live."
        fix = (
            "Copy the live endpoint's signing secret (Developers, Webhooks, Reveal), or let `creditctl setup` write it."
        )
        yield finding("webhook_secret.cli", Severity.HIGH, setting.where, text, fix)
    if len(set(secrets)) < len(secrets):
        text, fix = "The same signing secret stands here twice.", "Keep it once."
        yield finding("webhook_secret.twice", Severity.LOW, setting.where, text, fix)
    elif len(secrets) > 1:
        text = f"There are {len(secrets)} signing secrets, as during a rotation."
        fix = "`creditctl webhooks rotate --finish` finishes a rotation; then one is left."
        yield finding("webhook_secret.rotation", Severity.INFO, setting.where, text, fix)


def _short_secret(view: EnvView, setting: Setting, short: bool) -> Iterator[Finding]:
    if short and not _made_up(view):
        text = "A signing secret is shorter than any that Stripe makes; a part of it may be missing."
        fix = "Copy it from the Dashboard (Developers, Webhooks, Reveal) as a whole."
        yield finding("webhook_secret.short", Severity.MEDIUM, setting.where, text, fix)


def publishable_key(view: EnvView) -> Iterator[Finding]:
    """The frontend's key, where there is one, is a publishable key."""
    setting = _usable(view, _PUBLISHABLE)
    key = _parsed(setting)
    if setting is None:
        return
    if key is not None and key.kind is KeyKind.PUBLISHABLE:
        yield from _sample_publishable(setting)
        return
    if SECRET_PATTERN.search(setting.value):
        return  # `no_secret_in_public` says that with its consequences
    text = f"{_PUBLISHABLE} is {_what(setting)}, where a publishable key (pk_…) belongs."
    yield finding("publishable_key.kind", Severity.HIGH, setting.where, text, f"{_DASHBOARD}.")


def _sample_publishable(setting: Setting) -> Iterator[Finding]:
    if is_sample_key(setting.value):
        text = f"{_PUBLISHABLE} is a key of Stripe's own code examples; it belongs to another account."
        yield finding("publishable_key.sample", Severity.HIGH, setting.where, text, f"{_DASHBOARD}.")


def pasted_once(view: EnvView) -> Iterator[Finding]:
    """No key and no signing secret stands twice in one value, one behind the other."""
    for name in (_KEY, _SIGNING, _PUBLISHABLE):
        setting = _usable(view, name)
        if setting is not None and any(is_repeated(part) for part in setting.value.split(",")):
            text = f"{name} holds a value twice, one behind the other, as when it is pasted twice."
            fix = "Delete the line's value and paste it once."
            yield finding("value.repeated", Severity.CRITICAL, setting.where, text, fix)


def account(view: EnvView) -> Iterator[Finding]:
    """The keys and the pinned account look as if they belonged together."""
    pinned = view.winning("STRIPE_ACCOUNT_ID")
    if pinned is not None and not re.fullmatch(r"acct_[A-Za-z0-9]+", pinned.value) and not is_placeholder(pinned.value):
        text, fix = "STRIPE_ACCOUNT_ID is no account id (acct_…).", "Copy it from the Dashboard (Settings, Account)."
        yield finding("account.malformed", Severity.HIGH, pinned.where, text, fix)
    seen: dict[str, str] = {}
    for setting in (pinned, view.winning(_KEY), view.winning(_PUBLISHABLE)):
        part = None if setting is None else _account_part(setting)
        if setting is not None and part is not None:
            seen.setdefault(part, setting.name)
            first = next(iter(seen))
            if part != first:
                yield _other_account(setting, seen[first])


def _other_account(setting: Setting, first: str) -> Finding:
    text = f"{setting.name} and {first} look as if they belonged to two different accounts (or sandboxes)."
    fix = "`creditctl env check --online` says which account the secret key belongs to."
    return finding("account.differs", Severity.MEDIUM, setting.where, text, fix)


def _account_part(setting: Setting) -> str | None:
    value = setting.value.strip()
    return account_of_id(value) if setting.name == "STRIPE_ACCOUNT_ID" else account_of_key(value)


def no_secret_in_public(view: EnvView) -> Iterator[Finding]:
    """Nothing that a visitor's browser downloads is a secret, and the frontend has none of the backend's."""
    for setting in view.written():
        if not SECRET_PATTERN.search(setting.value):
            continue
        if setting.name.startswith(PUBLIC_PREFIXES):
            text = "A secret stands under a name that is built into the pages every visitor downloads."
            fix = "Take it out and roll it in the Dashboard: whoever saw the site may have it."
            yield finding("secret.public", Severity.CRITICAL, setting.where, text, fix)
        elif setting.where != PROCESS and setting.where.startswith(f"{view.frontend.name}:"):
            text = "The frontend's file holds a secret, which only the backend needs."
            yield finding("secret.frontend", Severity.HIGH, setting.where, text, "Move it to the backend's env file.")


def no_stray_live_key(view: EnvView) -> Iterator[Finding]:
    """No live key lies in a comment, or under another name beside test settings."""
    for file in view.files:
        for line, comment in file.content.comments:
            if SECRET_PATTERN.search(comment):
                live = _LIVE_SECRET.search(comment) is not None
                text = "A comment holds a live key." if live else "A comment holds a secret."
                severity = Severity.HIGH if live else Severity.LOW
                yield finding("secret.comment", severity, file.at(line), text, "Delete the line.")
    if view.mode is Mode.LIVE:
        return
    for setting in view.written():
        if setting.name != _KEY and _LIVE_SECRET.search(setting.value):
            text = "A live key lies here beside settings that are not live."
            yield finding("secret.live", Severity.HIGH, setting.where, text, "Keep live keys out of test settings.")


def _made_up(view: EnvView) -> bool:
    """Whether keys and secrets are an emulator's, which may be short."""
    return view.mode is Mode.EMULATOR or view.rehearses_live


def _usable(view: EnvView, name: str) -> Setting | None:
    """The setting, unless another rule has already said that it was never filled in, or what soils it."""
    setting = view.winning(name)
    return None if setting is None or is_placeholder(setting.value) or has_stray_characters(setting.value) else setting


def _parsed(setting: Setting | None) -> ApiKey | None:
    try:
        return None if setting is None else parse_api_key(setting.value.strip())
    except ConfigurationError:
        return None


def _what(setting: Setting) -> str:
    words = looks_like(setting.value)
    expected = "a publishable key" if setting.name == _PUBLISHABLE else "a secret key", "a restricted key"
    return "a key with characters that no Stripe key has" if words.startswith(expected) else words
