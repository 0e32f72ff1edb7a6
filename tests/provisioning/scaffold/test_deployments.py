"""The mark of a deployment is guessed from what the application booked, and never from a key that tells packages."""

from __future__ import annotations

from creditctl.provisioning.scaffold.booked import BookedPayment
from creditctl.provisioning.scaffold.deployments import guess_deployment, ours_only
from creditctl.provisioning.scaffold.sales import RecentSession, SalesLook

BOOKINGS = {f"pi_{n}": BookedPayment("u", 1) for n in range(4)}


def sessions(**metadata: str) -> list[RecentSession]:
    ours = [RecentSession(None, {"region": "eu", "pack": "s"}, (f"cs_{n}", f"pi_{n}")) for n in range(5)]
    return [*ours, *(RecentSession(None, metadata, (f"cs_{n}", f"pi_{n}")) for n in range(10, 14))]


def test_the_value_of_which_sales_were_booked_is_ours() -> None:
    seen = sessions(region="us", pack="s")
    guess = guess_deployment(seen, BOOKINGS)

    assert guess is not None
    assert (guess.key, guess.value) == ("region", "eu")
    assert len(ours_only(SalesLook(sessions=tuple(seen)), guess).sessions) == 5


def test_without_bookings_or_another_value_there_is_no_mark() -> None:
    assert guess_deployment(sessions(region="us"), {}) is None
    assert guess_deployment(sessions(region="eu"), BOOKINGS) is None
    assert guess_deployment(sessions(pack="merchandise"), BOOKINGS) is None
