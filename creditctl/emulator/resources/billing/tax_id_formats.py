"""Formats of tax ids: VAT numbers of the European Union and the United Kingdom, the only ones that are published whole.

Source: European Commission, VIES, "VAT identification number structure"; Stripe docs, "Customer tax IDs" (types and
prefixes); Stripe docs, "Tax API", for the refusal.
"""

import re

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


def check_format(type_: str, value: str, param: str) -> None:
    """Refuse a VAT number that its country does not write so. Errors: StripeError `tax_id_invalid`."""
    text = re.sub(r"[\s.-]", "", value).upper()
    known = {"eu_vat": EU_VAT, "gb_vat": {"GB": _UNITED_KINGDOM}}.get(type_)
    if known is not None and not re.fullmatch(known.get(text[:2], "(?!)"), text[2:], re.ASCII):
        raise invalid(f"Invalid value for {type_}.", code="tax_id_invalid", param=param)
