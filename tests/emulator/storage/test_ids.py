"""The id generator."""

from creditctl.emulator.storage.ids import Ids

NOW = 1_800_000_000
ACCOUNT = "acct_1Abcdefghijklmn"


def test_a_seed_gives_the_ids_that_it_always_gave() -> None:
    ids = Ids("seed")
    assert [ids.token(7), ids.digits(6)] == ["l2Eu0PL", "669272"]
    assert ids.dated("pm_", ACCOUNT, NOW) == "pm_1xocE4efghijklmn4SMlW596"
    intent = ids.first_relative("pi_", ACCOUNT, NOW, "0")
    assert intent == "pi_3xocE4efghijklmn0EwqVr87"
    assert ids.relative("ch_", intent, "0") == "ch_3xocE4efghijklmn0P9K5ySy"
    assert [ids.token(25), ids.digits(15)] == ["ro26pBUd9MTkswiOCo0c4YlkZ", "956654643222056"]
    assert [ids.token(16), ids.passing(14)] == ["pRzkQBK2Fu9fc64d", "62PrTiVjW1PfAx"]


def test_a_payment_starts_a_family_where_a_dated_id_would() -> None:
    ours, theirs = Ids("seed"), Ids("seed")
    dated = theirs.dated("pi_", ACCOUNT, NOW, "3")
    assert ours.first_relative("pi_", ACCOUNT, NOW, "0") == theirs.relative("pi_", dated, "0")
    assert ours.token(16) == theirs.token(16)
