"""Causes: the published list of slugs for what is wrong with a credit backend, each with its meaning and its mend."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """One kind of defect: `meaning` says what the backend does, `mend` what it should do instead."""

    slug: str
    meaning: str
    mend: str


def _causes(*rows: tuple[str, str, str]) -> dict[str, Cause]:
    return {slug: Cause(slug, meaning, mend) for slug, meaning, mend in rows}


CAUSES = _causes(
    (
        "credits_never",
        "A payment that went through gave no credits.",
        "Give credits at checkout.session.completed once payment_status is paid (or no_payment_required), and at "
        "checkout.session.async_payment_succeeded.",
    ),
    (
        "credits_twice",
        "One payment gave its credits more than once.",
        "Write the credits under a unique key of the payment, in one transaction; a repeat finds it and does nothing.",
    ),
    (
        "credits_in_cents",
        "Credits are reckoned from the amount of money.",
        "Take the credits from the package that was bought, never from amount_total or unit_amount.",
    ),
    (
        "credits_from_list_price",
        "A share is reckoned from the list price, although less was paid.",
        "Reckon shares of a refund from what was really charged (amount_total), not from the price's amount.",
    ),
    (
        "credits_wrong_amount",
        "A payment gave another number of credits than its package has.",
        "Take the credits from the package of the price that was sold.",
    ),
    (
        "credits_wrong_package",
        "A payment gave the credits of another package.",
        "Look the package up by the price (or the metadata) of this very session.",
    ),
    (
        "wrong_user",
        "The credits went to somebody else than the buyer.",
        "Take the buyer from client_reference_id or metadata that you wrote yourself, never from an e-mail.",
    ),
    (
        "credits_unpaid",
        "Credits were given although nothing was paid.",
        "Read payment_status: checkout.session.completed also comes for payments that are still unpaid or fail later.",
    ),
    (
        "credits_other_product",
        "A payment for another product of the same account gave credits.",
        "Look at the price of the line item, or at a mark that only your own sessions carry.",
    ),
    (
        "credits_quantity_once",
        "Several of a package were paid, and one was credited.",
        "Multiply by the quantity of the line item, or do not credit what you do not sell.",
    ),
    (
        "trusts_client",
        "What the buyer's browser sends decides about credits, price or owner.",
        "Take nothing but the package's number from the request; price and credits come from your catalogue.",
    ),
    (
        "signature_not_checked",
        "A webhook that Stripe did not sign gave credits.",
        "Verify Stripe-Signature over the raw body with the endpoint's secret before anything else; refuse with 400.",
    ),
    (
        "signature_prefix",
        "A part of the signature, or none, is enough.",
        "Compare the whole v1 signature with hmac.compare_digest, or let Stripe's library do it.",
    ),
    (
        "signature_scheme",
        "A signature of another scheme than v1 is enough.",
        "Look at v1 only: v0 is a fake signature of test mode.",
    ),
    (
        "stale_accepted",
        "A webhook whose signature is old was accepted: whoever records one can replay it.",
        "Refuse a timestamp further than five minutes away, as Stripe's libraries do by default.",
    ),
    (
        "body_changed",
        "The body is changed before its signature is verified: rightly signed webhooks are refused.",
        "Verify the raw bytes as they came, before JSON is parsed, re-written, stripped or decoded.",
    ),
    (
        "rotation_refused",
        "A header with two v1 signatures is refused, so every rotation of the secret loses webhooks.",
        "Accept the webhook when any of the v1 signatures fits, in whatever order they stand.",
    ),
    (
        "wrong_secret",
        "A rightly signed webhook is refused although the backend was given the secret.",
        "Read STRIPE_WEBHOOK_SECRET as it is, the whole text with its whsec_; look for an older secret that wins.",
    ),
    (
        "livemode_mixed",
        "An event of the other mode was acted on (a warning: only who has the secret can send one).",
        "Compare livemode of the event with the mode of your key, and ignore what differs.",
    ),
    (
        "refuses_late_events",
        "An event that comes days after it happened is not acted on; Stripe retries for three days.",
        "Look at the signature's timestamp, never at the age of the event.",
    ),
    (
        "order_dependent",
        "The balance depends on the order in which events come.",
        "Keep what comes early, and reckon the balance from all that is known; Stripe promises no order.",
    ),
    (
        "refund_ignored",
        "A refund took no credits back.",
        "Handle charge.refunded, refund.created, refund.updated and refund.failed.",
    ),
    (
        "refund_doubled",
        "A refund took its credits more than once.",
        "Reckon what all refunds should take in total, and post the difference; amount_refunded is cumulative.",
    ),
    (
        "refund_wrong_share",
        "A partial refund took another share of the credits than of the money.",
        "Take credits × refunded // paid in total, in whole numbers; a full refund takes exactly all.",
    ),
    (
        "refund_failed_kept",
        "A refund failed afterwards, and the credits stayed taken.",
        "Handle refund.failed (and refund.updated with status failed): give back what this refund took.",
    ),
    (
        "refund_lost_before_purchase",
        "A refund that came before its purchase was forgotten.",
        "Keep refunds of payments that are not known yet, and apply them when the purchase is posted.",
    ),
    (
        "refund_after_spending",
        "A refund of credits that were spent already did not end as the policy says.",
        "Let the balance become negative, or stop at zero; say which in the policy.",
    ),
    (
        "dispute_ignored",
        "A dispute that was lost took no credits back.",
        "Handle charge.dispute.funds_withdrawn, funds_reinstated and closed.",
    ),
    (
        "dispute_doubled",
        "A dispute took credits twice, or took what a refund had already taken.",
        "Take min(paid, refunds + disputed funds) in total, and post the difference.",
    ),
    (
        "dispute_wrong_share",
        "A dispute over a part of a payment took another share of the credits than of the money.",
        "Take credits × disputed amount // paid in total, in whole numbers: a dispute may be over a part.",
    ),
    (
        "dispute_not_returned",
        "A dispute was won, and the credits stayed taken.",
        "At charge.dispute.funds_reinstated give back the credits that the dispute took.",
    ),
    (
        "dispute_inquiry_taken",
        "An inquiry, which moves no money, took credits.",
        "Take nothing before funds are withdrawn: an inquiry's status begins with warning_.",
    ),
    (
        "acknowledged_before_saved",
        "A webhook was answered with 2xx, and its credits were lost: Stripe never sends it again.",
        "Answer 2xx only after the commit (of the credits, or of a queue on disk); answer 5xx when anything fails.",
    ),
    (
        "marked_before_saved",
        "A delivery that failed was remembered as done, so its repeat was ignored.",
        "Remember an event in the same transaction as its credits, never before.",
    ),
    (
        "lost_on_restart",
        "Credits, or the memory of what was given already, were gone after a restart.",
        "Keep credits, and what is waiting to be worked on, in a database on disk.",
    ),
    (
        "doubled_on_restart",
        "A crash between two steps made a payment count twice.",
        "Write credits and the mark that they were given in one transaction.",
    ),
    (
        "lost_update",
        "Of changes at the same time one was lost.",
        "Change the balance in the database (balance = balance + n) or under a lock, never read, reckon and write.",
    ),
    (
        "overspent",
        "More credits were spent at the same time than there were.",
        "Debit with a condition in one statement (… where balance >= n), and look at the count of changed rows.",
    ),
    (
        "blocks_on_unknown",
        "An event that the backend does not need is refused: Stripe repeats it, and switches the endpoint off in time.",
        "Answer 200 to every event that is rightly signed, whatever its type.",
    ),
    (
        "refuses_events",
        "A rightly signed event about a payment of its own is refused, also when it is repeated.",
        "Look at the backend's log for this delivery; answer 2xx once the event is worked on.",
    ),
    (
        "too_slow",
        "A webhook or a purchase takes longer than Stripe and buyers wait.",
        "Save the event and answer; do what takes long afterwards.",
    ),
    (
        "page_grants",
        "Opening the success page gives credits, unpaid or again.",
        "Let the page only show; if it grants, then by the same function and unique key as the webhook.",
    ),
    (
        "leaks_session",
        "Somebody else's Checkout session is shown.",
        "Compare the session's owner with the signed-in user, and answer 404.",
    ),
    (
        "crashes_on_input",
        "Odd input is answered with a server error.",
        "Validate the body of a purchase, and answer 4xx.",
    ),
    (
        "purchase_fails",
        "A purchase is not answered with a Checkout session of this Stripe.",
        "Look at the backend's log for this request.",
    ),
    (
        "balance_unreadable",
        "The balance cannot be read any more.",
        "Look at the backend's log for this request.",
    ),
    (
        "not_recovered",
        "A payment whose event never came was not found by reading Stripe.",
        "List paid sessions of the last days in a job, and give what is missing under the same unique key.",
    ),
)  # fmt: skip


def find_cause(slug: str) -> Cause:
    """A cause by its slug. Errors: KeyError for one that is not published, which is a bug of ours."""
    return CAUSES[slug]
