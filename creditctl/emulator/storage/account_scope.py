"""Account scope: one account in one mode, the key under which the store keeps that account's objects."""

import msgspec


class AccountScope(msgspec.Struct, frozen=True):
    """One account in one mode: test and live objects of an account never see each other."""

    id: int
    account: str
    livemode: bool
