"""Bindings of controls: the parameters that tie a fault, a hold or a step of time to one object or one user."""

from typing import Any

from creditctl.emulator.control.command import Command
from creditctl.emulator.protocol.errors import bad_parameter, missing_parameter, no_such
from creditctl.emulator.protocol.fields import Text
from creditctl.emulator.protocol.schema import Fields
from creditctl.emulator.webhooks.subjects import Binding

BINDING: Fields = {"object": Text(), "user": Text(), "user_key": Text()}
_PLACES = ("client_reference_id", "metadata.")


def read_binding(command: Command) -> Binding | None:
    """What `object` or `user` names, in the account of the key; None where neither is given.

    Errors: StripeError where both are given, the account has no such object, or `user_key` is no place for a user.
    """
    wanted, user, key = (command.params.get(name) for name in BINDING)
    if wanted is not None and user is not None:
        raise bad_parameter("Name an object or a user: one of the two.", "user")
    if key is not None and (user is None or not key.startswith(_PLACES)):
        raise bad_parameter("user_key says where `user` stands: client_reference_id, or metadata.NAME.", "user_key")
    if wanted is None and user is None:
        return None
    scope = command.scope()
    # A typo would bind to nothing, and nobody would notice.
    if wanted is not None and command.services.store.get(scope.id, wanted) is None:
        raise no_such("object", wanted, "object")
    return Binding(scope.id, wanted, user, key)


def require_binding(command: Command) -> Binding:
    """As `read_binding`, where one must be given. Errors: StripeError."""
    binding = read_binding(command)
    if binding is None:
        raise missing_parameter("object")
    return binding


def show_binding(binding: Binding | None) -> dict[str, Any]:
    """A binding as controls answer it."""
    return {name: getattr(binding, name, None) for name in BINDING}
