"""Transaction wrapper for what a buyer, a bank or a control does."""

from collections.abc import Callable
from typing import TypeVar

from creditctl.emulator.protocol.errors import StripeError
from creditctl.emulator.storage.store import Store

Result = TypeVar("Result")


def transact(store: Store, action: Callable[[], Result]) -> Result:
    """Run an action and keep what it did; of a refusal only what the refusal itself is meant to leave behind."""
    store.begin()
    try:
        result = action()
    except StripeError as error:
        if error.commit:
            store.commit()
        else:
            store.rollback()
        raise
    except BaseException:
        store.rollback()
        raise
    store.commit()
    return result
