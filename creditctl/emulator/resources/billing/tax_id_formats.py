"""Formats of tax ids: VAT numbers of the European Union and the United Kingdom by country, the others by type.

Source: European Commission, VIES, "VAT identification number structure"; Stripe docs, "Customer tax IDs" (types,
prefixes, examples, values for tests); Stripe docs, "Tax API", for the refusal. Other types stand with their examples in
`creditctl/emulator/documented/tax_id_formats.txt`; a type whose example is nowhere is taken as it is.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from creditctl.emulator.documented.data_files import read_lines
from creditctl.emulator.protocol.errors import invalid

_UNITED_KINGDOM = r"\d{9}|\d{12}|GD\d{3}|HA\d{3}"
EU_VAT = {
    "AT": r"U\d{8}",
    "BE": r"\d{9,10}",
    "BG": r"\d{9,10}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z\d]\d{7}[A-Z\d]",
    "FI": r"\d{8}",
    "FR": r"[A-Z\d]{2}\d{9}",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d[A-Z\d+*]\d{5}[A-Z]{1,2}",
    "IT": r"\d{11}",
    "LT": r"\d{9}|\d{12}",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"[A-Z\d+*]{12}",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{2,10}",
    "SE": r"\d{12}",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
    "XI": _UNITED_KINGDOM,
}
"""What follows the two letters, by these; blanks, dots and hyphens in between do not count."""

VERIFIED_TYPES = ("au_abn", "eu_vat", "gb_vat")
"""What Stripe asks an authority about: the business register, VIES, HMRC."""
TEST_VALUES = {"000000000": "verified", "111111111": "unverified", "222222222": "pending"}
"""Numbers for tests of these types and what comes of them, with or without the letters of a country."""


class TaxIdFormat(NamedTuple):
    """How the values of one type are written: `pattern` without blanks, dots, hyphens and slashes."""

    pattern: str
    standing: str
    example: str


@lru_cache(maxsize=1)
def formats() -> dict[str, TaxIdFormat]:
    """The formats by type, except for the VAT numbers that follow their country."""
    lines = read_lines("tax_id_formats.txt")
    return {type_: TaxIdFormat(pattern, standing, " ".join(rest)) for type_, pattern, standing, *rest in lines}


def check_format(type_: str, value: str, param: str) -> None:
    """Refuse a value that its country does not write so. Errors: StripeError `tax_id_invalid`."""
    text = re.sub(r"[\s./-]", "", value).upper()
    if not _fits(type_, text) and not (type_ in VERIFIED_TYPES and _number(value) in TEST_VALUES):
        raise invalid(f"Invalid value for {type_}.", code="tax_id_invalid", param=param)


def verification_result(type_: str, value: str) -> str:
    """What the authority comes to say of a tax id; `unavailable` where Stripe asks none."""
    return TEST_VALUES.get(_number(value), "verified") if type_ in VERIFIED_TYPES else "unavailable"


def country_of(type_: str, value: str) -> str | None:
    """The country of a tax id in ISO 3166; VAT numbers write Greece and Northern Ireland otherwise.

    Source: Stripe docs, "Customer tax IDs": EL and XI stand in the rows of GR and GB.
    """
    if not type_.startswith("eu_"):
        return type_[:2].upper()
    letters = value.strip()[:2].upper()
    return {"EL": "GR", "XI": "GB"}.get(letters, letters if letters.isalpha() else None)


def _number(value: str) -> str:
    return re.sub(r"[\s./-]|^[A-Za-z]{2}", "", value)


def _fits(type_: str, text: str) -> bool:
    by_country = {"eu_vat": EU_VAT, "gb_vat": {"GB": _UNITED_KINGDOM}}.get(type_)
    if by_country is not None:
        return re.fullmatch(by_country.get(text[:2], "(?!)"), text[2:], re.ASCII) is not None
    known = formats().get(type_)
    return known is None or re.fullmatch(known.pattern, text, re.ASCII) is not None
