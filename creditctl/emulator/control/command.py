"""A control: its method, path pattern, parameters and handler; and the command that the handler is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from creditctl.emulator.api.accounts import Accounts
from creditctl.emulator.api.context import RequestContext, Services
from creditctl.emulator.protocol.errors import invalid
from creditctl.emulator.protocol.schema import Fields
from creditctl.emulator.storage.account_scope import AccountScope
from creditctl.emulator.storage.transactions import transact
from creditctl.emulator.webhooks.subjects import Binding

Result = TypeVar("Result")


class ControlledEmulator(Protocol):
    """What controls use of the emulator: its parts, its accounts, its clock, and starting over."""

    services: Services
    accounts: Accounts
    offset_seconds: int

    def now(self) -> int:
        """The emulator's time."""

    def move_clock(self, seconds: int) -> None:
        """Move the clock and run what falls due on the way."""

    def bring_forward(self, binding: Binding, seconds: int) -> int:
        """Let the next seconds of one object or user happen now."""

    def reset(self) -> None:
        """Forget everything."""

    def reload(self) -> None:
        """Read again what is remembered outside the database."""


@dataclass(frozen=True, slots=True)
class Command:
    """One control request: whose account, which parameters (validated), which ids from the path."""

    emulator: ControlledEmulator
    params: Mapping[str, Any]
    args: tuple[str, ...]
    headers: Mapping[str, str]
    now: int

    @property
    def services(self) -> Services:
        """The parts of the emulator that all calls share."""
        return self.emulator.services

    def scope(self) -> AccountScope:
        """The account of the key; without a key the only account there is."""
        accounts = self.emulator.accounts
        if "authorization" in self.headers:
            return accounts.caller(self.headers, self.now).scope
        known = accounts.all()
        if len(known) != 1:
            raise invalid(
                f"There are {len(known)} accounts in this emulator: name yours with `Authorization: Bearer KEY`.",
                status=401,
            )
        return known[0]

    def context(self) -> RequestContext:
        """A context as Stripe's own machinery has it: no API request causes its events."""
        context = RequestContext(self.services, self.scope(), self.now)
        context.base_url = self.services.options.page_base(self.headers.get("host"))
        return context

    def transaction(self, action: Callable[[RequestContext], Result]) -> Result:
        """Run an action as one transaction; a decline keeps what it did."""
        context = self.context()
        return transact(self.services.store, lambda: action(context))


Handler = Callable[[Command], Any]


@dataclass(frozen=True, slots=True)
class Control:
    """One control below `/_emulator`; `*` in the pattern is an id."""

    method: str
    pattern: str
    handler: Handler
    fields: Fields


def control(method: str, pattern: str, handler: Handler, fields: Fields | None = None) -> Control:
    """Declare a control; without fields it takes no parameters."""
    return Control(method, pattern, handler, fields or {})
