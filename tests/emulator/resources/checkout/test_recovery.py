"""The link by which a buyer takes up a session that has expired."""

from creditctl.emulator.app import Emulator
from tests.emulator.pages.test_handler import GOOD, Shop
from tests.emulator.world import Inside

WANTED = "&after_expiration[recovery][enabled]=true&after_expiration[recovery][allow_promotion_codes]=true"


def test_an_expired_session_is_taken_up_again(emulator: Emulator, ask: Inside) -> None:
    shop = Shop(emulator, ask)
    session = shop.session(WANTED)
    assert session["after_expiration"]["recovery"]["url"] is None
    expired = ask("POST", f"/v1/checkout/sessions/{session['id']}/expire")[1]
    recovery = expired["after_expiration"]["recovery"]
    assert recovery["expires_at"] > expired["expires_at"]
    opened = shop.visit("GET", recovery["url"].removeprefix("http://127.0.0.1:4"))
    assert opened.status == 303
    path = opened.headers["Location"]
    again = ask("GET", f"/v1/checkout/sessions/{path.rpartition('/')[2]}")[1]
    assert (again["recovered_from"], again["status"], again["amount_total"]) == (session["id"], "open", 2000)
    assert again["allow_promotion_codes"] is True
    assert shop.visit("POST", path, **GOOD).status == 303


def test_there_is_no_link_where_none_was_asked_for_or_it_is_too_old(emulator: Emulator, ask: Inside) -> None:
    shop = Shop(emulator, ask)
    plain = shop.session()
    ask("POST", f"/v1/checkout/sessions/{plain['id']}/expire")
    assert shop.visit("GET", f"/c/pay/{plain['id']}/recover").status == 410
    wanted = shop.session(WANTED)
    assert shop.visit("GET", f"/c/pay/{wanted['id']}/recover").status == 410
    ask("POST", f"/v1/checkout/sessions/{wanted['id']}/expire")
    ask.control("/clock", advance=31 * 86_400)
    assert shop.visit("GET", f"/c/pay/{wanted['id']}/recover").status == 410
