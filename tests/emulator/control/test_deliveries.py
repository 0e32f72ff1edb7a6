"""Controls over deliveries and faults."""

from creditctl.emulator.app import Emulator
from tests.emulator.world import control


def test_faults_are_listed_and_lifted(emulator: Emulator) -> None:
    made = control(emulator, "POST", "/faults", kind="latency", seconds=0.5, probability=0.5)
    assert [rule["id"] for rule in control(emulator, "GET", "/faults")["data"]] == [made["id"]]
    assert control(emulator, "DELETE", f"/faults/{made['id']}") == {"removed": 1}
    assert "error" in control(emulator, "POST", "/faults", kind="plague")
    assert "error" in control(emulator, "POST", "/faults", kind="status", probability=2)
