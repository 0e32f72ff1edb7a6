"""Random histories: whatever is paid, captured, refunded, disputed and paid out, no cent is made or lost."""

import json
import logging
from collections import Counter
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from creditctl.emulator.app import Emulator
from creditctl.emulator.protocol.wire import Request
from tests.support.clock import NOW
from tests.support.keys import TEST_KEY

HEADERS = {"authorization": f"Bearer {TEST_KEY}"}
CARDS = ("visa", "bypassPending", "createDispute", "createDisputeInquiry", "createMultipleDisputes", "refundFail",
         "pendingRefund", "chargeDeclined", "authenticationRequired")  # fmt: skip
IBANS = ("AT611904300234573201", "AT861904300235473202", "AT591904300235473203")
AMOUNTS = st.sampled_from([50, 333, 1000, 99_999])
EVIDENCE = st.sampled_from(["winning_evidence", "losing_evidence", "escalate_inquiry_evidence"])
PICK = st.integers(min_value=0, max_value=50)


class Bugs(logging.Handler):
    """What the emulator logs as its own failure: a job that failed is dropped, and nobody would see it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(self.format(record))


class Money(RuleBasedStateMachine):
    """One account, operated at random; every refusal must be Stripe's, never a bug's."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = NOW
        self.emulator = Emulator(clock=lambda: self.clock)
        self.bugs = Bugs()
        logging.getLogger("creditctl.emulator").addHandler(self.bugs)

    def teardown(self) -> None:
        logging.getLogger("creditctl.emulator").removeHandler(self.bugs)
        self.emulator.close()
        assert self.bugs.found == []

    def ask(self, method: str, path: str, form: str = "") -> Any:
        query, body = (form, b"") if method == "GET" else ("", form.encode())
        return self.answered(Request(method, path, query, HEADERS, body))

    def control(self, path: str, **params: str) -> Any:
        headers = {**HEADERS, "content-type": "application/json"}
        return self.answered(Request("POST", f"/_emulator/{path}", "", headers, json.dumps(params).encode()))

    def answered(self, request: Request) -> Any:
        answer = self.emulator.handle(request)
        assert answer.status in (200, 400, 402), answer.body
        return json.loads(answer.body)

    def all(self, path: str) -> list[Any]:
        found: list[Any] = []
        while True:
            after = f"&starting_after={found[-1]['id']}" if found else ""
            page = self.ask("GET", path, f"limit=100{after}")
            found += page["data"]
            if not page["has_more"]:
                return found

    def one_of(self, path: str, pick: int, *statuses: str) -> str | None:
        found = [each["id"] for each in self.all(path) if not statuses or each["status"] in statuses]
        return found[pick % len(found)] if found else None

    @rule(
        card=st.sampled_from(CARDS), amount=AMOUNTS, currency=st.sampled_from(["usd", "usd", "jpy"]), held=st.booleans()
    )
    def pay(self, card: str, amount: int, currency: str, held: bool) -> None:
        capture = "&capture_method=manual" if held else ""
        form = f"amount={amount}&currency={currency}&confirm=true&return_url=https://a.example{capture}"
        self.ask("POST", "/v1/payment_intents", f"{form}&payment_method=pm_card_{card}")

    @rule(iban=st.sampled_from(IBANS), amount=AMOUNTS)
    def debit(self, iban: str, amount: int) -> None:
        method = self.ask("POST", "/v1/payment_methods", f"type=sepa_debit&sepa_debit[iban]={iban}")["id"]
        form = f"amount={amount}&currency=eur&confirm=true&return_url=https://a.example&payment_method={method}"
        self.ask("POST", "/v1/payment_intents", form)

    @rule(pick=PICK, part=st.integers(min_value=1, max_value=1000))
    def capture(self, pick: int, part: int) -> None:
        intent = self.one_of("/v1/payment_intents", pick, "requires_capture")
        if intent:
            self.ask("POST", f"/v1/payment_intents/{intent}/capture", f"amount_to_capture={part}")

    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        intent = self.one_of("/v1/payment_intents", pick)
        if intent:
            self.ask("POST", f"/v1/payment_intents/{intent}/cancel")

    @rule(pick=PICK, passed=st.sampled_from(["pass", "fail"]))
    def authenticate(self, pick: int, passed: str) -> None:
        intent = self.one_of("/v1/payment_intents", pick, "requires_action")
        if intent:
            self.control(f"payment_intents/{intent}/authenticate", result=passed)

    @rule(pick=PICK, amount=st.sampled_from(["", "&amount=1", "&amount=300", "&amount=1000"]))
    def refund(self, pick: int, amount: str) -> None:
        charge = self.one_of("/v1/charges", pick)
        if charge:
            self.ask("POST", "/v1/refunds", f"charge={charge}{amount}")

    @rule(pick=PICK)
    def return_refund(self, pick: int) -> None:
        refund = self.one_of("/v1/refunds", pick)
        if refund:
            self.control(f"refunds/{refund}/fail")

    @rule(
        pick=PICK, kind=st.sampled_from(["fraudulent", "inquiry", "multiple"]), amount=st.sampled_from(["", "1", "50"])
    )
    def dispute(self, pick: int, kind: str, amount: str) -> None:
        charge = self.one_of("/v1/charges", pick)
        if charge:
            self.control("disputes", charge=charge, kind=kind, **({"amount": amount} if amount else {}))

    @rule(pick=PICK, status=st.sampled_from(["won", "lost", "warning_closed"]))
    def settle(self, pick: int, status: str) -> None:
        dispute = self.one_of("/v1/disputes", pick)
        if dispute:
            self.control(f"disputes/{dispute}/settle", status=status)

    @rule(pick=PICK, text=EVIDENCE)
    def answer(self, pick: int, text: str) -> None:
        dispute = self.one_of("/v1/disputes", pick)
        if dispute:
            self.ask("POST", f"/v1/disputes/{dispute}", f"evidence[uncategorized_text]={text}")

    @rule(pick=PICK)
    def accept(self, pick: int) -> None:
        dispute = self.one_of("/v1/disputes", pick)
        if dispute:
            self.ask("POST", f"/v1/disputes/{dispute}/close")

    @rule(amount=AMOUNTS, currency=st.sampled_from(["usd", "eur", "jpy"]))
    def pay_out(self, amount: int, currency: str) -> None:
        self.ask("POST", "/v1/payouts", f"amount={amount}&currency={currency}")

    @rule(pick=PICK, fails=st.booleans())
    def take_back(self, pick: int, fails: bool) -> None:
        payout = self.one_of("/v1/payouts", pick)
        if payout and fails:
            self.control(f"payouts/{payout}/fail")
        elif payout:
            self.ask("POST", f"/v1/payouts/{payout}/cancel")

    @rule(seconds=st.sampled_from([3, 60, 100_000, 900_000]))
    def wait(self, seconds: int) -> None:
        self.clock += seconds

    @invariant()
    def the_balance_is_the_sum_of_its_transactions(self) -> None:
        sums: Counter[tuple[str, str]] = Counter()
        for entry in self.all("/v1/balance_transactions"):
            assert entry["net"] == entry["amount"] - entry["fee"]
            assert entry["fee"] == sum(part["amount"] for part in entry["fee_details"])
            sums[entry["currency"], entry["status"]] += entry["net"]
        balance = self.ask("GET", "/v1/balance")
        for part in ("available", "pending"):
            for money in balance[part]:
                assert money["amount"] == sums[money["currency"], part]

    @invariant()
    def a_charge_counts_its_refunds(self) -> None:
        taken: Counter[str] = Counter()
        for refund in self.all("/v1/refunds"):
            if refund["status"] not in ("failed", "canceled"):
                taken[refund["charge"]] += refund["amount"]
        for charge in self.all("/v1/charges"):
            held = charge["amount_captured"] if charge["captured"] else charge["amount"]
            if charge["status"] == "succeeded" and charge["captured"]:
                assert charge["amount_refunded"] == taken[charge["id"]]
            assert 0 <= charge["amount_refunded"] <= held
            assert charge["refunded"] is (charge["amount_refunded"] == held)

    @invariant()
    def nothing_is_given_back_of_what_never_came(self) -> None:
        charges = {charge["id"]: charge["status"] for charge in self.all("/v1/charges")}
        for refund in self.all("/v1/refunds"):
            assert refund["status"] != "succeeded" or charges[refund["charge"]] == "succeeded"

    @invariant()
    def a_dispute_moves_its_amount_and_back(self) -> None:
        waiting = {refund["charge"] for refund in self.all("/v1/refunds") if refund["status"] == "pending"}
        for dispute in self.all("/v1/disputes"):
            moved = sum(entry["amount"] for entry in dispute["balance_transactions"])
            taken = dispute["status"] in ("needs_response", "under_review", "lost")
            assert moved == (-dispute["amount"] if taken else 0)
            assert dispute["amount"] > 0
            assert not taken or dispute["charge"] not in waiting

    @invariant()
    def an_intent_received_what_its_charge_captured(self) -> None:
        charges = {charge["id"]: charge for charge in self.all("/v1/charges")}
        for intent in self.all("/v1/payment_intents"):
            received = intent["amount_received"]
            if intent["status"] == "succeeded":
                assert received == charges[intent["latest_charge"]]["amount_captured"]
            else:
                assert received == 0


TestMoney = Money.TestCase
TestMoney.settings = settings(max_examples=20, stateful_step_count=20, deadline=None, derandomize=True)
