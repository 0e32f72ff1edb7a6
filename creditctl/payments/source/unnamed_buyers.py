"""Unnamed buyers: most payments that an application credited name no user where it is looked for. Pure.

Then it is one setting that lacks, and no fault of each of them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from creditctl.core.entitlement.decision import Disagrees, Grants
from creditctl.core.entitlement.owner import OWNER_CODES
from creditctl.core.project_file.ownership import CLIENT_REFERENCE_ID
from creditctl.payments.case import PaymentCase
from creditctl.payments.finding_codes import PREFIX, ClassifiedFinding, classified
from creditctl.payments.proven import Proven
from creditctl.payments.verdict import Verdict

UNDECIDED = f"{PREFIX}undecided_credit"

FEWEST = 3
"""Of fewer payments each is told by itself."""

_MOST_PLACES = 8

Judged = Sequence[tuple[PaymentCase, Verdict]]


def is_unnamed(verdict: Verdict) -> bool:
    """Whether credits were given for a payment that does not say who bought."""
    return _owner_fault(verdict) is not None and any(found.finding.code == UNDECIDED for found in verdict.found)


def _owner_fault(verdict: Verdict) -> str | None:
    decision = verdict.decision
    told = isinstance(decision, Disagrees) and decision.finding.code in OWNER_CODES
    return decision.fault if told and isinstance(decision, Disagrees) else None


def unnamed_buyers(judged: Judged, proven: Proven) -> ClassifiedFinding | None:
    """One finding for payments that mostly do not say who bought; None where that is so of few."""
    unnamed = [case for case, verdict in judged if case.purchases and is_unnamed(verdict)]
    named = sum(bool(case.purchases) and isinstance(verdict.decision, Grants) for case, verdict in judged)
    count = len(unnamed) + named + proven.credited
    if len(unnamed) < FEWEST or 2 * len(unnamed) <= count:
        return None
    fault = next(filter(None, (_owner_fault(verdict) for _, verdict in judged if is_unnamed(verdict))))
    text = (
        f"{len(unnamed):,} of {count:,} payments that the application credited do not say who bought: {fault} "
        "Whether credits went to the right users cannot be judged."
    )
    return classified("user_mapping", "sessions", text, f"Say in creditctl.toml {_hint(unnamed)}")


def _hint(unnamed: Sequence[PaymentCase]) -> str:
    """The place that names whom the rows name; else what there is to choose from."""
    place = place_of_users(unnamed)
    if place is not None:
        return f"where a session carries its buyer: {place}"
    carried = Counter(place for case in unnamed for place in _places(case))
    names = [place for place, _ in carried.most_common(_MOST_PLACES)]
    chosen = f"they carry {', '.join(names)}" if names else "they carry nothing: have the application write it"
    return f'where a session carries its buyer: user = ["metadata.KEY"] ({chosen})'


def place_of_users(cases: Sequence[PaymentCase]) -> str | None:
    """The setting of the place on Stripe at which most payments name the users of their rows; None for none."""
    hits = Counter(place for case in cases for place, value in _places(case).items() if value == case.main.user_id)
    place, count = next(iter(hits.most_common(1)), ("", 0))
    return f"user = {json.dumps([place])}" if 2 * count > len(cases) else None


def _places(case: PaymentCase) -> dict[str, str]:
    """What may name the buyer of a payment, by the words of the project file."""
    metadata = case.intent.metadata if case.sold is None and case.intent is not None else {}
    metadata = metadata if case.sold is None else case.sold.session.metadata
    places = {f"metadata.{key}": value for key, value in metadata.items()}
    reference = None if case.sold is None else case.sold.session.client_reference_id
    return places if reference is None else {CLIENT_REFERENCE_ID: reference, **places}
