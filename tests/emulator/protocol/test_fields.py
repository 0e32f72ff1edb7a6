"""Fields of one value: what each reads, and the parameter that a refusal names."""

import pytest

from creditctl.emulator.protocol.errors import StripeError
from creditctl.emulator.protocol.fields import Amount, Boolean, Enum, Field, Integer, Limit, Number, Text, Url
from creditctl.emulator.protocol.forms import Node

SHARE = Number(low=0, high=1)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (Integer(), "-7", -7),
        (Limit(), "0", 1),
        (Limit(), "101", 100),
        (SHARE, "0.25", 0.25),
        (SHARE, "1", 1.0),
        (Number(low=0), "1e-07", 1e-07),
        (Boolean(), "true", True),
        (Enum(values=("a", "b")), "a", "a"),
        (Amount(), "10.50", "10.50"),
        (Amount(places=2), "33.33", "33.33"),
        (Amount(places=2), "23.0000", "23.0000"),
        (Number(low=0, high=100, places=4), "8.8750", 8.875),
        (Text(unset=True), "", None),
    ],
)
def test_what_is_read(field: Field, text: str, value: object) -> None:
    assert field.read(text, "name") == value


@pytest.mark.parametrize(
    ("field", "node"),
    [
        (Integer(), "seven"),
        (Integer(low=1), "0"),
        (SHARE, "1.5"),
        (SHARE, "nan"),
        (SHARE, "inf"),
        (Number(low=0), "-1"),
        (SHARE, "much"),
        (Boolean(), "yes"),
        (Enum(values=("a", "b")), "c"),
        (Url(), "ftp://example.com"),
        (Text(max_length=3), "long"),
        (Text(), ""),
        (Text(), {"a": "b"}),
        (SHARE, ["1"]),
    ],
)
def test_a_refusal_names_the_parameter(field: Field, node: Node) -> None:
    with pytest.raises(StripeError) as caught:
        field.read(node, "items[0][name]")

    assert (caught.value.status, caught.value.fields["param"]) == (400, "items[0][name]")


@pytest.mark.parametrize(
    ("field", "text", "bound"),
    [
        (Amount(places=2), "99.999999", "maximum two"),
        (Amount(), "0.1234567890123", "most 12"),
        (Number(low=0, high=100, places=4), "8.87512", "maximum four"),
    ],
)
def test_too_many_decimal_places_are_refused(field: Field, text: str, bound: str) -> None:
    with pytest.raises(StripeError) as caught:
        field.read(text, "percent_off")

    assert caught.value.fields["message"] == f"Invalid decimal: {text}; must contain at {bound} decimal places."
