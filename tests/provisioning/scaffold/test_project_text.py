"""Text of a first project file: what is acted on is written, what is not is a remark, and it is always taken."""

from __future__ import annotations

import tomllib
from pathlib import Path

from creditctl.core.project_file.project import parse_project_file
from creditctl.provisioning.scaffold.buyers import BuyerGuess
from creditctl.provisioning.scaffold.credits import CreditsGuess
from creditctl.provisioning.scaffold.project_text import ProjectAnswers, project_text
from creditctl.provisioning.scaffold.proposal import PackageProposal, PriceProposal, SalesProposal

GUESS = CreditsGuess("somebody said so", 500)
PRICE = PriceProposal("price_1", "Gold", 1000, "usd", 3, False, GUESS)
ANSWERS = ProjectAnswers(
    deployment="eu",
    webhook_path="/hooks",
    buyer=BuyerGuess("metadata.account", "all carry it"),
    sales=SalesProposal((PackageProposal("gold", "Gold", "prod_1", (PRICE,)),), (("price_fee", "Fee"),)),
    credits={"price_1": GUESS},
)
EVERYTHING = {
    "deployment": "eu",
    "user": ["metadata.account"],
    "webhook": {"path": "/hooks"},
    "package": [{"slug": "gold", "credits": 500, "sold": [{"product": "prod_1"}]}],
    "fees": {"prices": ["price_fee"]},
}


def test_everything_that_was_answered_is_written() -> None:
    text = project_text(ANSWERS)

    assert tomllib.loads(text) == EVERYTHING
    assert "sold 3 times lately; 500 credits: somebody said so.\n" in text


def test_what_is_written_is_taken_as_things_stand() -> None:
    parse_project_file(project_text(ANSWERS), path=Path("creditctl.toml"))
