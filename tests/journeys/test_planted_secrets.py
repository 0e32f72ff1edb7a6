"""No secret in any output, of any origin: values planted in every setting and option, every command run and grepped."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import stripe

from tests.journeys.test_secrets import ARGUMENTS, LEAVES
from tests.support.cli import Cli

API = "http://127.0.0.1:12111"


def planted(number: int) -> str:
    """A secret that is found again, by its number."""
    return f"Zq{number:02d}Leak" + "x7Wv" * 3


NOWHERE = "127.0.0.1:1"
SETTINGS = [
    f"DATABASE_URL=postgresql://app:{planted(1)}@{NOWHERE}/shop?sslpassword={planted(2)}&other={planted(3)}",
    f"UNESCAPED=postgres://app:PL@{planted(4)}@{NOWHERE}/shop",
    f"BY_QUERY=mysql://{NOWHERE}/shop?user=app&password={planted(5)}&x={planted(6)}",
    f"BAD_PORT=postgresql://app:{planted(7)}@127.0.0.1:p{planted(8)}/shop",
    f"LITE=sqlite:///nothing.db?key={planted(9)}",
    f"HOOK=http://{NOWHERE}/services/{planted(10)}?s={planted(11)}",
    f"DB_PASSWORD={planted(12)}",
]
IN_URLS = [
    f"CREDITS_API_URL=http://127.0.0.1:8000/base?t={planted(20)}",
    f"FRONTEND_URL=http://us:{planted(21)}@127.0.0.1:3000/?x={planted(22)}",
]
USUAL = ["CREDITS_API_URL=http://127.0.0.1:8000", "FRONTEND_URL=http://127.0.0.1:3000"]
MORE: tuple[tuple[str, ...], ...] = (
    ("setup", "--yes", "--rotate", "--secret-command", f"sh -c 'cat; echo {planted(40)} >&2; exit 3'"),
    ("webhooks", "rotate", "--yes", "--secret-command", f"echo {planted(41)}"),
    ("webhooks", "probe", "--url", f"http://us:{planted(42)}@{NOWHERE}/h?t={planted(43)}"),
    *(
        ("ledger", "import", "--url-env", name)
        for name in ("DATABASE_URL", "UNESCAPED", "BY_QUERY", "BAD_PORT", "LITE")
    ),
    ("ledger", "import", "--guess", "--url-env", "BY_QUERY"),
    ("trace", f"https://x.example/?a={planted(44)}"),
    ("trace", "pi_1_secret_" + planted(45)),
    ("events", "replay", "EVENT", "--yes", "--to", f"http://us:{planted(46)}@{NOWHERE}/h?q={planted(47)}"),
    ("events", "listen", "--once", "--tries", "1", "--forward-to", f"http://{NOWHERE}/h?q={planted(48)}"),
    ("reconcile", "--html", "r.html", "--junit", "r.xml", "--metrics", "m.prom", "--notify-url-env", "HOOK"),
    ("reconcile", "--notify-command", f"echo {planted(49)}; exit 3"),
    ("checklist", "--junit", "c.xml", "--markdown", "c.md"),
    ("init", "--dry-run", "--api-url", f"https://a.example/?t={planted(50)}"),
    ("emulator", "status", "--url", f"http://{NOWHERE}/?t={planted(51)}"),
    ("simulate", "card-success", "--backend", f"http://{NOWHERE}/?t={planted(52)}", "--header", f"X: {planted(53)}"),
    ("simulate", "--start", f"API_TOKEN={planted(54)} false", "--ready", f"http://{NOWHERE}/?t={planted(55)}"),
)


@pytest.fixture
def world(cli: Cli) -> Cli:
    """A folder that is set up, with a payment nobody knows of, and another's endpoint that carries a token."""
    cli.write_env([f"STRIPE_SECRET_KEY={cli.environ.pop('STRIPE_SECRET_KEY')}", *SETTINGS, *USUAL])
    assert cli("setup", "--yes").exit_code == 0
    assert cli("ledger", "init").exit_code == 0
    assert cli("events", "trigger", "checkout.session.completed").exit_code == 0
    endpoint = {"url": f"https://shop.example/h?bypass={planted(30)}", "enabled_events": ["charge.refunded"]}
    _stripe(cli).v1.webhook_endpoints.create(params=endpoint)  # type: ignore[arg-type]
    return cli


def _stripe(cli: Cli) -> stripe.StripeClient:
    assert cli.transport is not None
    key = re.search(r"sk_test_\w+", (cli.folder / ".env").read_text())
    assert key
    return stripe.StripeClient(key[0], http_client=cli.transport(), base_addresses={"api": API})


def secrets_of(cli: Cli) -> set[str]:
    """What was planted, and the bodies of all keys and signing secrets that the env file holds now."""
    keys = re.findall(r"(?:sk_test_|whsec_)(\w+)", (cli.folder / ".env").read_text())
    return {planted(number) for number in range(60)} | set(keys)


def calls(event: str) -> Iterator[tuple[str, ...]]:
    for path in LEAVES:
        yield (*path, *ARGUMENTS.get(path, []))
    for words in MORE:
        yield tuple(event if word == "EVENT" else word for word in words)


@pytest.mark.parametrize(
    ("settings", "extra"), [(USUAL, ("--json",)), (IN_URLS, ())], ids=["json, tracebacks", "plain, secrets in URLs"]
)
def test_nothing_planted_is_shown_or_written(world: Cli, settings: list[str], extra: tuple[str, ...]) -> None:
    event = _stripe(world).v1.events.list().data[0].id
    env = (world.folder / ".env").read_text().replace("\n".join(USUAL), "\n".join(settings))
    (world.folder / ".env").write_text(env)
    world.environ["CREDITCTL_DEBUG"] = "1" if extra else ""
    known = secrets_of(world)
    for words in calls(event):
        outcome = world(*words, *extra)
        known |= secrets_of(world)
        shown = outcome.stdout + outcome.stderr
        assert outcome.exit_code != 70, (words, shown)
        assert not [secret for secret in known if secret in shown], words

    kept_from_stripe = {planted(21), planted(22)}  # a session's success_url, as the archive keeps events whole
    for path in world.folder.rglob("*"):
        if path.is_file() and path.name not in (".env", "fresh.env"):
            held = {secret for secret in known if secret.encode() in path.read_bytes()}
            assert held <= (kept_from_stripe if "archive" in path.name else set()), path
