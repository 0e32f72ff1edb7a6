"""Guess of columns: which of an application's columns says what, by their names and by what their values are. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from creditctl.core.currencies import SUPPORTED_CURRENCIES
from creditctl.core.project_file.source import AmountUnit, RowStatus
from creditctl.core.stripe_ids import IdKind, id_kind
from creditctl.sources.guess.directions import RowSigns, signs_of
from creditctl.sources.guess.money import MoneyWitness
from creditctl.sources.guess.naming import (
    CONFIRMED,
    DELETED,
    ENVIRONMENT,
    LIVE,
    NAMES,
    TEST,
    ending_like,
    first_named,
    folded,
)
from creditctl.sources.guess.owner_types import guess_owner_type
from creditctl.sources.guess.profile import Profile, is_flag, is_number, is_time, names_payment
from creditctl.sources.guess.source_guess import GuessDraft
from creditctl.sources.guess.word_rows import rows_by_word
from creditctl.sources.mapping.columns import FirstFilled, RawColumns, references
from creditctl.sources.mapping.payment_names import key_texts, payment_names
from creditctl.sources.recipes.words import USUAL_KINDS, USUAL_STATUSES
from creditctl.sources.values.bad_value import BadRow
from creditctl.sources.values.numbers import decimal_mark, decimal_of, whole_units

Profiles = Mapping[str, Profile]

_MOST = 0.6
_MOST_WORDS = 0.5
_NEARLY_ALL = 0.95
_MOST_DECIMALS = 9
_ORDER = (IdKind.PAYMENT_INTENT, IdKind.SESSION, IdKind.CHARGE, IdKind.DISPUTE, IdKind.REFUND)


def guess_columns(draft: GuessDraft, rows: Sequence[RawColumns], columns: Sequence[str], profiles: Profiles) -> None:
    """Says every column that something speaks for, and what nothing does. Shape: `profiles` are of these rows."""
    _id(draft, profiles)
    _payment_key(draft, profiles)
    _by_name(draft, profiles, "created", is_time, "holds times")
    _by_name(draft, profiles, "user_id", _is_user, "is a usual name of the user")
    _kind(draft, rows, columns, profiles)
    _mode(draft, profiles)
    _status(draft, profiles)
    _credits(draft, profiles)
    _amount(draft, rows, columns, profiles)
    _by_name(draft, profiles, "currency", _is_currency, "holds codes of currencies", needed=False)
    _rest(draft, profiles)
    guess_owner_type(draft, rows, columns, profiles)


def _free(draft: GuessDraft, profiles: Profiles) -> list[str]:
    """The columns that are not taken yet. Shape: a flag may be said as `!is_test` or `env = 'production'`."""
    said = [name for names in draft.section.columns.values() for name in names]
    taken = {name.removeprefix("!").partition(" = ")[0] for name in said}
    return [name for name in profiles if name not in taken]


def _id(draft: GuessDraft, profiles: Profiles) -> None:
    named = [name for name in profiles if folded(name) in NAMES["id"] and profiles[name].distinct]
    chosen = first_named(NAMES["id"], named) or next((name for name, each in profiles.items() if each.distinct), None)
    if chosen is None:
        draft.unknown.append("id: no column tells every row apart")
    else:
        draft.column("id", (chosen,), "every row has another value")


def _payment_key(draft: GuessDraft, profiles: Profiles) -> None:
    found = [each for each in profiles.values() if each.share(names_payment) >= _MOST]
    if not found:
        draft.unknown.append("payment_key: no column holds ids of Stripe's (pi_…, cs_…, ch_…)")
        return
    ordered = sorted(found, key=lambda each: (_rank(each), -each.filled))
    counts = ", ".join(f"{each.filled} of {each.rows} rows have {_sample(each)}" for each in ordered)
    draft.column("payment_key", tuple(each.name for each in ordered), f"ids of Stripe's: {counts}")


def _rank(profile: Profile) -> int:
    kind = id_kind(_sample(profile))
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def _sample(profile: Profile) -> str:
    named = (payment_names(key_texts(value)).payment for value in profile.values if names_payment(value))
    text = next(named, None) or ""
    return f"{text.partition('_')[0]}_x" if text else ""


def _by_name(
    draft: GuessDraft, profiles: Profiles, ours: str, fits: Callable[[object], bool], why: str, *, needed: bool = True
) -> None:
    """A column by its usual names, if its values bear it out; else the only one whose values do."""
    free = _free(draft, profiles)
    fitting = [name for name in free if profiles[name].share(fits) >= _NEARLY_ALL]
    chosen = first_named(NAMES[ours], fitting) or ending_like(NAMES[ours], fitting)
    if chosen is None and ours in ("created", "currency"):
        others = [name for name in fitting if not (ours == "created" and _is_later_time(name))]
        chosen = others[0] if len(others) == 1 else None
    if chosen is not None:
        draft.column(ours, (chosen,), f"it {why}")
    elif needed:
        draft.unknown.append(f"{ours}: no column is called as usual and {why}")


def _is_later_time(name: str) -> bool:
    return folded(name) in (*NAMES["updated"], *DELETED)


def _is_user(value: object) -> bool:
    return not isinstance(value, bool | float) and not names_payment(value)


def _is_currency(value: object) -> bool:
    return isinstance(value, str) and value.strip().lower() in SUPPORTED_CURRENCIES


def _kind(draft: GuessDraft, rows: Sequence[RawColumns], columns: Sequence[str], profiles: Profiles) -> None:
    """The column of few words that tells best which rows are about payments; most of its words are usual ones, or it
    is called as usual.
    """
    free = [profiles[name] for name in _free(draft, profiles) if profiles[name].words]
    usual = sorted((each for each in free if _says_kinds(each)), key=lambda each: -_known(each, USUAL_KINDS))
    called = [each for each in free if _is_called(each, NAMES["kind"]) and not each.share(is_number)]
    called.sort(key=lambda each: NAMES["kind"].index(_end(each)))
    keys = references(draft.section.columns.get("payment_key", ()), columns)

    def rank(profile: Profile) -> tuple[bool, bool, int]:
        word = references((profile.name,), columns)
        mixed = sum(each.mixed for each in rows_by_word(rows, word, keys, RowSigns(None, FirstFilled())).values())
        return profile.filled < _NEARLY_ALL * profile.rows, len(profile.words) == 1, mixed

    best = min(dict.fromkeys([each.name for each in (*usual, *called)]), key=lambda n: rank(profiles[n]), default=None)
    if best is not None:
        draft.column("kind", (best,), f"its words are {_listed(profiles[best].words)}")


def _says_kinds(profile: Profile) -> bool:
    """Whether most of its rows have usual words, or most of its words are: usage alone may have most rows."""
    usual = sum(word.lower() in USUAL_KINDS for word in profile.words)
    return _known(profile, USUAL_KINDS) >= _MOST or (usual > 1 and usual >= _MOST_WORDS * len(profile.words))


def _is_called(profile: Profile, names: Sequence[str]) -> bool:
    return _end(profile) in names


def _end(profile: Profile) -> str:
    """The name of a column as the usual ones are written; of a path its end."""
    return folded(profile.name.rpartition(".")[2])


def _status(draft: GuessDraft, profiles: Profiles) -> None:
    """A column of few words, most of which are usual ones."""
    free = [profiles[name] for name in _free(draft, profiles) if profiles[name].words]
    best = max(free, key=lambda each: _known(each, USUAL_STATUSES), default=None)
    flag = first_named(CONFIRMED, [each.name for each in free if each.share(is_flag) >= _NEARLY_ALL])
    if best is not None and _known(best, USUAL_STATUSES) >= _MOST:
        draft.column("status", (best.name,), f"its words are {_listed(best.words)}")
    elif flag is not None:
        draft.column("status", (flag,), "it is true or false, and is called so")


def _known(profile: Profile, usual: Mapping[str, str | RowStatus]) -> float:
    if profile.share(is_number) > _MOST:
        return 0.0
    words = profile.words
    return sum(count for word, count in words.items() if word.lower() in usual) / max(1, words.total())


def _listed(words: Iterable[str]) -> str:
    shown = [f"{word!r}" for word in list(words)[:6]]
    return ", ".join(shown)


def _numbers(draft: GuessDraft, profiles: Profiles) -> list[str]:
    return [
        name
        for name in _free(draft, profiles)
        if profiles[name].share(is_number) >= _NEARLY_ALL and not profiles[name].share(lambda v: isinstance(v, bool))
    ]


def _credits(draft: GuessDraft, profiles: Profiles) -> None:
    numbers = _numbers(draft, profiles)
    chosen = first_named(NAMES["credits"], numbers)
    if chosen is None:
        draft.unknown.append("credits: no column of numbers is called as usual")
        return
    draft.column("credits", (chosen,), "it holds numbers, and is the usual name")
    decimals = _decimals(profiles[chosen])
    if decimals:
        draft.say("credit_decimals", str(decimals), f"{chosen} has that many decimals", credit_decimals=decimals)


def _amount(draft: GuessDraft, rows: Sequence[RawColumns], columns: Sequence[str], profiles: Profiles) -> None:
    """The money: where there is no column of it, Stripe's counts; one that holds none is left out, and said."""
    said, numbers = draft.section.columns, _numbers(draft, profiles)
    credits = next(iter(said.get("credits", ())), None)
    witness = MoneyWitness(
        rows,
        columns,
        references(said.get("payment_key", ()), columns),
        None if credits is None else profiles[credits],
        signs_of(rows, profiles, columns, credits),
    )
    against = {name: witness.contradiction(profiles[name]) for name in numbers}
    chosen = first_named(NAMES["amount"], [name for name in numbers if against[name] is None])
    if chosen is None:
        named = first_named(NAMES["amount"], numbers)
        if named is not None:
            draft.no_column("amount", f"{against[named]}: Stripe's amounts count", columns)
        return
    draft.column("amount", (chosen,), "it holds numbers, and is a usual name of money")
    written = any("." in str(value) or "," in str(value) for value in profiles[chosen].values)
    if written and "cent" not in folded(chosen):
        why = f"{chosen} has decimals"
        draft.say("amounts", AmountUnit.MAJOR.value, why, amounts=AmountUnit.MAJOR)


def _decimals(profile: Profile) -> int:
    """The decimals of credits that have some: those of their type, where all are written alike, else the fewest."""
    numbers, mark = [], decimal_mark(profile.values)
    for value in profile.values:
        try:
            numbers.append(decimal_of(value, "it", mark))
        except BadRow:
            continue
    fewest = next((n for n in range(_MOST_DECIMALS) if all(whole_units(each, n) is not None for each in numbers)), 0)
    written = {each.as_tuple().exponent for each in numbers}
    typed = -exponent if len(written) == 1 and isinstance(exponent := written.pop(), int) else 0
    return max(fewest, typed) if fewest and typed <= _MOST_DECIMALS else fewest


def _mode(draft: GuessDraft, profiles: Profiles) -> None:
    flags = [name for name in _free(draft, profiles) if profiles[name].share(is_flag) >= _NEARLY_ALL]
    live, test = first_named(LIVE, flags), first_named(TEST, flags)
    environment = first_named(ENVIRONMENT, _free(draft, profiles))
    if live is not None:
        draft.column("livemode", (live,), "it is true or false, and is called so")
    elif test is not None:
        draft.column("livemode", (f"!{test}",), f"{test} is its opposite")
    elif environment is not None:
        word = next((w for w in profiles[environment].words if w.lower() in ("production", "prod", "live")), None)
        if word is not None:
            draft.column("livemode", (f"{environment} = '{word}'",), f"{environment} says where the row was made")


def _rest(draft: GuessDraft, profiles: Profiles) -> None:
    free = _free(draft, profiles)
    deleted = first_named(DELETED, free)
    if deleted is not None and 0 < profiles[deleted].filled < profiles[deleted].rows:
        where = f"{deleted} is null" if profiles[deleted].share(is_time) else f"{deleted} = false"
        draft.say("where", where, f"{profiles[deleted].filled} rows are deleted", where=where)
