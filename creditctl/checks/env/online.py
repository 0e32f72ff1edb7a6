"""Key proof (`env check --online`): whether the key works, its mode, account and permissions. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import stripe

from creditctl.checks.env.model import EnvView, finding
from creditctl.core.errors import GuardRefused, Unreachable
from creditctl.core.findings import Finding, Severity, sort_findings
from creditctl.core.keys import redact
from creditctl.core.modes import Mode
from creditctl.stripe_api.client import StripeConnection
from creditctl.stripe_api.errors import missing_permission, translate
from creditctl.stripe_api.permission_table import CHANGES, READS, PermissionQuestion, new_key_page

_KEY = "STRIPE_SECRET_KEY"


@dataclass(frozen=True, slots=True)
class KeyProof:
    """Proof of a key: what Stripe says about it.

    Shape: None where it could not be found out; `granted` and `refused` are calls; `unreachable` says why
    Stripe gave no complete answer.
    """

    account: str | None = None
    livemode: bool | None = None
    granted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    unreachable: str = ""
    findings: tuple[Finding, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The proof as data, without the findings, which stand elsewhere in the document."""
        return {
            "account": self.account,
            "livemode": self.livemode,
            "granted": list(self.granted),
            "refused": list(self.refused),
            "unreachable": self.unreachable or None,
        }


class _Proving:
    """One proof being made: each step adds what it learned."""

    def __init__(self, view: EnvView, connection: StripeConnection) -> None:
        setting = view.winning(_KEY)
        self.view, self.connection = view, connection
        self.where = view.backend.name if setting is None else setting.where
        self.findings: list[Finding] = []
        self.account: str | None = None
        self.livemode: bool | None = None
        self.granted: list[str] = []
        self.refused: list[str] = []
        self.unreachable = ""

    def proof(self) -> KeyProof:
        return KeyProof(
            self.account,
            self.livemode,
            tuple(self.granted),
            tuple(self.refused),
            self.unreachable,
            tuple(sort_findings(self.findings)),
        )

    @property
    def pinned(self) -> bool:
        return self.view.winning("STRIPE_ACCOUNT_ID") is not None

    def add(self, code: str, severity: Severity, message: str, fix: str) -> None:
        self.findings.append(finding(f"online.{code}", severity, self.where, redact(message), fix))

    def run(self) -> None:
        try:
            self.ask_account()
            if self.account is None and self.pinned:
                return  # nothing more can be asked: no request goes to an account that is not proven
            client = self.connection.client
            for question in (*READS, *(CHANGES if self.connection.restricted else ())):
                self.ask(question, client)
        except GuardRefused as refusal:
            self.add("account", Severity.CRITICAL, refusal.message, refusal.fix)
        except stripe.StripeError as error:
            self.stop(error)

    def ask_account(self) -> None:
        try:
            account = self.connection.account
        except stripe.PermissionError as error:
            self.account_is_hidden(error)
            return
        self.account = str(account.id)
        if not self.pinned:
            fix = f"Write STRIPE_ACCOUNT_ID={self.account}; then no other account is ever touched."
            self.add("not_pinned", Severity.INFO, f"The key belongs to {self.account}; nothing pins that.", fix)
        if self.view.mode is Mode.LIVE and not getattr(account, "charges_enabled", False):
            text = f"Stripe does not let {self.account} take payments yet (charges_enabled is false)."
            self.add("no_charges", Severity.HIGH, text, "Finish activating the account in the Dashboard.")

    def account_is_hidden(self, error: stripe.PermissionError) -> None:
        self.refused.append("GET /v1/account")
        name = missing_permission(error) or "reading the account"
        text = f"The restricted key may not read the account (permission: {name}), so it cannot be proven which it is."
        fix = "Give the key that permission" + (
            ", or unset STRIPE_ACCOUNT_ID: as it is, every command refuses." if self.pinned else "."
        )
        self.add("account_hidden", Severity.HIGH if self.pinned else Severity.MEDIUM, text, fix)

    def ask(self, question: PermissionQuestion, client: stripe.StripeClient) -> None:
        lacking = question.refused(client.v1, self.see)
        if lacking is None:
            self.granted.append(question.call)
            return
        self.refused.append(question.call)
        text = f"The restricted key lacks {lacking} ({question.call}), which {question.needed_by} need."
        page = new_key_page([each.permission for each in (*READS, *CHANGES)], livemode=self.connection.livemode)
        fix = f"Give the key that permission, where it is for those commands; a new key with all of them: {page}"
        self.add("permission", Severity.LOW if question in CHANGES else Severity.MEDIUM, text, fix)

    def see(self, answer: object) -> None:
        if isinstance(answer, stripe.Balance):
            self.judge_livemode(bool(answer.livemode))

    def judge_livemode(self, livemode: bool) -> None:
        self.livemode = livemode
        expected = self.view.mode
        if expected in (Mode.TEST, Mode.LIVE) and livemode is not (expected is Mode.LIVE):
            seen = "live" if livemode else "not live"
            text = f"Stripe says the key is {seen} (balance.livemode), but {expected} mode is expected."
            self.add("mode", Severity.CRITICAL, text, "Use a key of the mode that you mean.")

    def stop(self, error: stripe.StripeError) -> None:
        known = translate(error)
        if known is None:
            raise error
        self.unreachable = known.message if isinstance(known, Unreachable) else ""
        code = "unreachable" if self.unreachable else "refused"
        self.add(code, Severity.CRITICAL, known.message, known.fix)


def prove_key(view: EnvView, connection: StripeConnection) -> KeyProof:
    """Proves a key on Stripe, with reads only; what it refuses is a finding, not an error."""
    proving = _Proving(view, connection)
    proving.run()
    return proving.proof()


def why_not_asked(view: EnvView) -> str:
    """Reason why Stripe must not be asked (no usable key, or one of another mode than is meant); empty if it may."""
    if view.found is None:
        return "there is no usable key and base to ask with"
    if view.expected is not None and view.expected is not view.found:
        return f"the settings are for {view.found} mode, not {view.expected}"
    return ""
