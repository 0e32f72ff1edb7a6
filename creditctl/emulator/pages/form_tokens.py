"""Form tokens of the hosted pages (CSRF protection): only a form that a page of this emulator showed is taken."""

import hashlib
import hmac
import secrets

FIELD = "form_token"


class FormTokens:
    """Makes and checks the tokens of one running emulator; another start has others."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def token(self, path: str) -> str:
        """The token that stands in the forms of the page at `path`."""
        return hmac.new(self._key, path.encode(), hashlib.sha256).hexdigest()

    def fits(self, path: str, given: str) -> bool:
        """Whether a form came from the page at `path`."""
        return hmac.compare_digest(self.token(path).encode(), given.encode())
