"""Text fields that Stripe keeps otherwise than they are written: without blanks around, or in capitals.

Source: crvouga/emulates, `packages/service/stripe/src/products.ts` and `customers.ts`, held against Stripe's test mode.
"""

from dataclasses import dataclass
from typing import Any

from creditctl.emulator.protocol.fields import Text
from creditctl.emulator.protocol.forms import Node

_BLANKS = "\t\n\v\f\r \0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stripped(Text):
    """A string without the blanks around it; nothing but blanks is an empty string."""

    def read(self, node: Node, param: str) -> Any:
        return Text.read(self, node.strip(_BLANKS) if isinstance(node, str) else node, param)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capitals(Text):
    """A string in capital letters, as the country of a customer's own address."""

    def parse(self, node: Node, param: str) -> str:
        return Text.parse(self, node, param).upper()
