"""Authorization of the backend: in live mode a request sees the user that its X-User-Id names, and nobody else.

In the other modes a request without that header sees every session; one that names a user sees that user's.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from creditctl.backend import users
from creditctl.backend.dependencies import Dependencies, SessionView
from creditctl.core.modes import Mode


def require_known_users(services: Dependencies) -> None:
    """Stops what depends on who asks, where nobody's word for that is taken. Errors: HTTPException 403."""
    if not services.users_are_known:
        raise HTTPException(
            403, "In live mode nobody's word for who they are is taken: serve was started without --trust-user-header."
        )


def signed_in_user(services: Dependencies, request: Request) -> str:
    """The user in the header of a request. Errors: HTTPException 403, in live mode 401 without a header; BadUserId."""
    require_known_users(services)
    try:
        return users.user_id_from_header([value for name, value in request.scope["headers"] if name == b"x-user-id"])
    except users.NotSignedIn as error:
        if services.mode is Mode.LIVE:
            raise HTTPException(401, str(error)) from None
        raise


def require_viewer(services: Dependencies, request: Request, user_id: str) -> None:
    """Stops a request of live mode that asks for another user than itself. Errors: as `signed_in_user`."""
    require_known_users(services)
    if services.mode is Mode.LIVE and signed_in_user(services, request) != user_id:
        raise HTTPException(403, "Only your own credits are shown to you: the header X-User-Id names another user.")


def viewer_of_sessions(services: Dependencies, request: Request) -> str | None:
    """The only user whose Checkout sessions a request sees: in live mode, and wherever somebody is signed in.

    Shape:  None sees all. It is asked before Stripe is: nobody's request reads a session, or learns that there is one.
    Errors: as `signed_in_user`.
    """
    require_known_users(services)
    if services.mode is not Mode.LIVE and "x-user-id" not in request.headers:
        return None
    return signed_in_user(services, request)


def may_see(viewer: str | None, session: SessionView) -> bool:
    """Whether a viewer may see a Checkout session: its own only."""
    return viewer is None or session.is_of(viewer)
