"""What a server's certificate is worth is told by the GET of a real one: each fault by its own sentence."""

from __future__ import annotations

import pytest

from creditctl.checks.probe import probe_url
from creditctl.provisioning.probing.diagnosis import diagnose
from creditctl.provisioning.probing.send import send_probes
from creditctl.stripe_api.certificate_faults import certificate_fault
from tests.support.certificates import Authority
from tests.support.clock import NOW
from tests.support.waiting import patience


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority.made(tmp_path_factory.mktemp("certificates"))
    made.issue("good", days=90)
    made.issue("expired", days=-1)
    made.issue("other", "subjectAltName=DNS:other.example")
    made.issue_authority("between")
    made.issue("unchained", by="between")
    made.self_signed("self")
    return made


def test_a_good_certificate_says_until_when_it_is_good(authority: Authority) -> None:
    import time

    with authority.serving("good") as url:
        answer = probe_url(url, authority.trust)

    assert answer.status == 200
    assert answer.certificate_until is not None
    assert 89 <= (answer.certificate_until - time.time()) / 86_400 <= 90


FAULTS = {
    "expired": "has expired",
    "other": "another host's",
    "self": "self-signed",
    "unchained": "chain is incomplete",
    None: "plain http",
}


@pytest.mark.parametrize("name", FAULTS, ids=str)
def test_each_fault_is_told_by_page_and_by_delivery(authority: Authority, name: str | None) -> None:
    import httpx

    with authority.serving(name) as url:
        page = probe_url(url, authority.trust)
        with httpx.Client(verify=authority.trust, timeout=patience(10)) as client:
            delivered = diagnose(send_probes(client, url, (), NOW, livemode=False, api_version="x"))
    fault = certificate_fault(page.problem)

    assert page.status is None
    assert fault is not None
    assert FAULTS[name] in fault.sentence
    assert (delivered.cause, delivered.sentence) == ("certificate", fault.sentence)


def test_what_is_no_matter_of_certificates_is_none() -> None:
    assert certificate_fault("Connection refused") is None
    assert certificate_fault("ssl handshake: something new") is not None
