"""TLS trust: the usual certificate authorities, and those of a file such as a local one's (mkcert)."""

from __future__ import annotations

import functools
import ssl
from pathlib import Path

from creditctl.core.errors import ConfigurationError


@functools.cache
def usual_authorities(*, trust_env: bool) -> ssl.SSLContext:
    """The TLS context of the usual authorities, shared by the clients of a process: to read them takes 25 ms each time.

    Shape: `trust_env` reads SSL_CERT_FILE and SSL_CERT_DIR of the process, as httpx does.
    """
    import httpx

    return httpx.create_ssl_context(trust_env=trust_env)


def trusting(ca_file: Path) -> ssl.SSLContext:
    """Makes a TLS context that trusts the certificates of a PEM file beside the usual ones.

    Errors: ConfigurationError where the file cannot be read or holds no certificate.
    """
    import httpx

    context = httpx.create_ssl_context(trust_env=False)
    try:
        context.load_verify_locations(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        reason = (error.strerror or "").lower() if not isinstance(error, ssl.SSLError) else "it holds no certificate"
        raise ConfigurationError(
            f"Cannot trust the certificates of {ca_file}: {reason or 'it cannot be read'}.",
            code="file.certificates",
            fix="Name a PEM file, such as `rootCA.pem` in the folder that `mkcert -CAROOT` prints.",
        ) from error
    return context
