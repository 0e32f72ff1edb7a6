"""Holding of a webhook endpoint's signing secret: held in these settings, trusted elsewhere, unproven, or elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from creditctl.provisioning.state import DesiredEndpoint, EndpointState


class Holding(IntEnum):
    """Where an endpoint's secret is, as far as marks and settings say, the better known the higher.

    Shape: `elsewhere` is a secret that these settings do not hold; `unproven` one that they may hold; `trusted` one
           of which the operator says that another place holds it; `held` one whose fingerprint is that of ours.
    """

    ELSEWHERE = 0
    UNPROVEN = 1
    TRUSTED = 2
    HELD = 3


def holding(desired: DesiredEndpoint, endpoint: EndpointState, endpoints: Sequence[EndpointState]) -> Holding:
    """Judges where the secret of an endpoint is. Shape: `endpoints` are all of the account."""
    if endpoint.fingerprint is not None:
        if endpoint.fingerprint in desired.held:
            return Holding.HELD
        return Holding.TRUSTED if desired.trust_fingerprint else Holding.ELSEWHERE
    may_hold = desired.trust_fingerprint or free_secrets(desired, endpoints)
    return Holding.UNPROVEN if may_hold else Holding.ELSEWHERE


def free_secrets(desired: DesiredEndpoint, endpoints: Sequence[EndpointState]) -> tuple[str, ...]:
    """Fingerprints of the secrets in the settings that are no endpoint's by its mark: no two endpoints share one."""
    marked = {endpoint.fingerprint for endpoint in endpoints}
    return tuple(mark for mark in desired.held if mark not in marked)


def kept_behind(desired: DesiredEndpoint, old: EndpointState, endpoints: Sequence[EndpointState]) -> tuple[str, ...]:
    """Fingerprints of the held secrets that may be an old endpoint's, and stay accepted beside its successor's."""
    if old.fingerprint is None:
        return free_secrets(desired, endpoints)
    return tuple(mark for mark in desired.held if mark == old.fingerprint)
