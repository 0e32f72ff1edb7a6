"""Certificate faults: what OpenSSL's words about a refused TLS connection mean, and what mends it."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CertificateFault:
    """What is wrong with a server's certificate, as a sentence, and its mend.

    Shape: `trust` says that a file of certificates can make this machine trust it, as it does a local authority's.
    """

    sentence: str
    fix: str
    trust: bool = False

    @property
    def fix_here(self) -> str:
        """The mend for what this machine sends itself."""
        return _TRUST if self.trust else self.fix


_TRUST = (
    "Name its authority's certificate (PEM), such as mkcert's rootCA.pem, with SSL_CERT_FILE in the env file or the "
    "environment, or with `--ca-file` of `creditctl events listen`; Stripe itself delivers to public authorities only."
)
_FAULTS = (
    (
        r"certificate has expired",
        "The certificate has expired.",
        "Renew it now, and see why it was not renewed by itself (certbot's timer, the proxy's log).",
        False,
    ),
    (
        r"not yet valid",
        "The certificate is not valid yet.",
        "Compare this machine's clock with the certificate's first day.",
        False,
    ),
    (
        r"mismatch|not valid for",
        "The certificate is another host's: its names do not include this one.",
        "Issue one for this host name, or correct the name in the URL; a default site of the proxy may answer.",
        False,
    ),
    (
        r"self.signed certificate in certificate chain",
        "The certificate is of an authority that nobody knows, such as a company's own or a local one.",
        "Use one of a public authority (Let's Encrypt): Stripe and browsers know no other.",
        True,
    ),
    (
        r"self.signed",
        "The certificate is self-signed.",
        "Use one of a public authority (Let's Encrypt): Stripe and browsers trust no self-signed one.",
        True,
    ),
    (
        r"unable to get (local )?issuer|unable to verify the first",
        "The certificate's chain is incomplete, or its authority is unknown: the server sends no intermediate.",
        "Install the whole chain (`fullchain.pem`, not `cert.pem`): browsers fetch what is missing, Stripe does not.",
        True,
    ),
    (
        r"wrong.version.number|http.request|record layer failure",
        "No TLS is spoken there: the port answers plain http.",
        "Let the proxy or load balancer end TLS at this port, or correct the port of the URL.",
        False,
    ),
    (
        r"unsupported protocol|protocol version|no protocols available",
        "The server speaks only an old version of TLS; Stripe needs 1.2 or newer.",
        "Enable TLS 1.2 and 1.3 in the proxy.",
        False,
    ),
)
"""Source: OpenSSL documentation, "X509_STORE_CTX_get_error", and its error strings; Stripe documentation, "Webhooks"
(live endpoints: https, TLS 1.2 or newer)."""

_ANY = CertificateFault(
    "The certificate is not trusted, or does not fit the host.",
    "Install a valid certificate with its whole chain: Stripe delivers to no other.",
    trust=True,
)
_ABOUT_TLS = re.compile(r"certificate|ssl|\btls", re.IGNORECASE)


def certificate_fault(error: str) -> CertificateFault | None:
    """What an error of a connection says about its certificate; None where it is about something else."""
    if _ABOUT_TLS.search(error) is None:
        return None
    found = (
        CertificateFault(words, fix, trust)
        for said, words, fix, trust in _FAULTS
        if re.search(said, error, re.IGNORECASE)
    )
    return next(found, _ANY)
