"""Endpoints that do nothing but fail for days are switched off."""

from tests.emulator.world import Inside, Receiver


def test_an_endpoint_that_only_fails_is_switched_off(ask: Inside, receiver: Receiver) -> None:
    ask.control("/auto_disable", days=3)
    made = ask("POST", "/v1/webhook_endpoints", "url=https://a.example&enabled_events[]=*")[1]["id"]
    receiver.answers = [500] * 3
    for wait, status in ((0, "enabled"), (2 * 86_400, "enabled"), (86_400, "disabled")):
        ask.emulator.move_clock(wait)
        ask("POST", "/v1/products", "name=A")
        assert ask.emulator.pump(send=receiver) >= 1
        assert ask("GET", f"/v1/webhook_endpoints/{made}")[1]["status"] == status, wait
        receiver.answers = [500] * 9
    ask("POST", f"/v1/webhook_endpoints/{made}", "disabled=false")
    ask.emulator.move_clock(600)
    receiver.answers = [500]
    assert ask.emulator.pump(send=receiver) >= 1
    assert ask("GET", f"/v1/webhook_endpoints/{made}")[1]["status"] == "enabled"
