"""API versions: which are accepted, and the dates of the changes that matter here.

Source: Stripe docs, "Versioning"; Stripe changelog, 2026-03-25.dahlia (`ui_mode` renamed) and 2026-09-30.endive
(`payment_method_types` not writable).
"""

import re
from datetime import date
from functools import lru_cache

from creditctl.emulator.documented.data_files import read_lines
from creditctl.emulator.protocol.errors import invalid

API_VERSION = "2026-10-28.endive"
"""The default. Source: the version pinned by stripe-python 16.1.0."""
_VERSION = re.compile(r"(20[12][0-9]-[0-1][0-9]-[0-3][0-9])(?:\.([a-z]+))?(; [a-z_]+=v[0-9]+)*\Z")
RENAMED_UI_MODES_SINCE = "2026-03-25"
DYNAMIC_METHODS_ONLY_SINCE = "2026-09-30"
COUPON_OBJECTS_UNTIL = "2025-09-30"
INVOICE_FIELDS_UNTIL = "2025-03-31"
CUSTOMER_COUPONS_UNTIL = "2025-03-31"
ASYNC_CAPTURE_SINCE = "2024-04-10"
PRODUCT_FEATURES_UNTIL = "2024-04-10"
CHARGE_LISTS_UNTIL = "2022-11-15"
INTENT_AT_ONCE_UNTIL = "2022-08-01"
WHOLE_CUSTOMERS_UNTIL = "2020-08-27"
INLINE_ITEMS_UNTIL = "2022-08-01"
SESSION_SHIPPING_UNTIL = "2022-08-01"

UI_MODES = {"hosted": "hosted_page", "embedded": "embedded_page", "custom": "elements"}


def check_version(header: str | None, default: str) -> str:
    """The version in force for a request; refuses what was never one."""
    if header is None:
        return default
    match = _VERSION.match(header)
    if match is None or not is_known(match[1], match[2]):
        raise invalid(f"Invalid Stripe API version: {header}", executed=False)
    return header


def is_known(day: str, name: str | None) -> bool:
    """Whether there was a version of that date and name, or may be one since: monthly ones keep the name of the last.

    Source: the versions that stripe-python's types allow for webhook endpoints; Stripe docs, "Versioning": previews are
    dated as the others, and within a name nothing breaks.
    """
    names = _names()
    newest = max(names)
    if day > newest:
        return name == names[newest] and _is_day(day)
    return day in names and name in ((names[day], "preview") if names[day] else (None,))


@lru_cache(maxsize=1)
def _names() -> dict[str, str | None]:
    """The name of each dated version."""
    versions = [line[0] for line in read_lines("api_versions.txt")]
    return {version[:10]: version[11:] or None for version in versions}


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def since(version: str, day: str) -> bool:
    """Whether a version is of this date or later."""
    return version[:10] >= day
