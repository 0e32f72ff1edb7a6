"""Decorator `command`: a command declares what it uses, is handed one session, and returns one answer.

    @command(stripe=StripeUse.REQUIRED, ledger=FileUse.REQUIRED, writes=Writes.ENTRIES, dry_run=True)
    def reconcile(session: Session, since: SinceOption = None) -> Answer:
        \"\"\"Compare every payment on Stripe with the ledger.\"\"\"
        report = compare(session.stripe, session.ledger, …)
        if session.dry_run:
            return plan_answer(report)
        session.guard_entries(session.stripe.mode)
        if not session.agreed_to_post(lines_of(report)):
            return plan_answer(report)
        return repair_answer(repair(report))

What the declaration brings (see `cli/uses.py`):

- always `--json`; with `settings` (the usual case) `--mode` and `--env-file`; `mode=ModeCheck.ABSENT` leaves `--mode`
  out, `AT_FIRST_USE` lets a command run without settings that it may not need;
- `stripe`, `ledger=REQUIRED|CREATE`: `--deployment`; `webhook=True`: `--webhook-path`: values of `creditctl.toml`;
- `ledger=REQUIRED|CREATE`: `--ledger`; `writes=STRIPE|ENTRIES`: `--yes` and `--confirm`; `asks=True`: `--yes`;
  `dry_run=True`: `--dry-run`. They stand in `session.options`, under a heading of their own in help;
- `session.settings`, `.stripe`, `.ledger`, `.archive`, `.catalog()`: opened at first use and closed afterwards, so that
  a wrong option is refused before anything is opened. What was not declared raises RuntimeError;
- `session.say`, `.err`, `.ask`, `.agreed`, `.agreed_to_post`, `.confirm_stripe_changes`, `.guard_stripe`,
  `.guard_entries`.

A command with many options takes them as one value: a parameter whose type is a dataclass stands for its fields, each
an option with the field's annotation and default.

The command returns an `Answer` (report, findings, exit code, what to show a person); the decorator prints it. A command
that prints while it runs (JSON lines, a server) returns `Answer.streamed()`. Nothing here or below raises `Exit`.
A function of a group (`creditctl emulator`) is decorated in the same way; it is not called where a subcommand is.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import fields, is_dataclass
from typing import Any, Concatenate, ParamSpec, get_type_hints

import typer

from creditctl.cli import options as shared
from creditctl.cli.output import Answer, dotted_name
from creditctl.cli.session import Session, SharedOptions, answered
from creditctl.cli.uses import FileUse, ModeCheck, StripeUse, Uses, Writes

__all__ = ["Answer", "FileUse", "ModeCheck", "Session", "StripeUse", "Uses", "Writes", "command"]


P = ParamSpec("P")


def command(
    *,
    stripe: StripeUse = StripeUse.NONE,
    ledger: FileUse = FileUse.NONE,
    archive: FileUse = FileUse.NONE,
    writes: Writes = Writes.NOTHING,
    settings: bool = True,
    asks: bool = False,
    dry_run: bool = False,
    mode: ModeCheck = ModeCheck.AT_START,
    webhook: bool = False,
) -> Callable[[Callable[Concatenate[Session, P], Answer]], Callable[..., int]]:
    """Turns a function from session and own options to an answer into a command for Typer, which exits with a code."""
    uses = Uses(stripe, ledger, archive, writes, settings, asks, dry_run, mode, webhook)

    def decorate(function: Callable[Concatenate[Session, P], Answer]) -> Callable[..., int]:
        added = shared_parameters(uses)
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        answering: Callable[..., Answer] = function

        def called(ctx: typer.Context, **values: Any) -> int:
            if ctx.invoked_subcommand is not None:
                return 0
            options = SharedOptions(**{name: values.pop(name) for name in added})
            with ExitStack() as stack:
                session = Session(dotted_name(ctx), ctx.find_root().obj, options.as_json, options, uses, stack)
                if options.mode is not None and not uses.ledger and uses.mode is ModeCheck.AT_START:
                    _ = session.settings  # --mode is a promise: it is checked even where nothing else reads settings
                return answered(session, lambda: answering(session, **_gathered(own, values)))

        return _dressed(called, function, [*_single_options(own), *added.values()])

    return decorate


def _single_options(own: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """The parameters of a command, each that is a class of options replaced by its fields."""
    found: list[inspect.Parameter] = []
    for each in own:
        found += _fields_of(each.annotation) if is_dataclass(each.annotation) else [each]
    return [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in found]


def _fields_of(options: Any) -> list[inspect.Parameter]:
    hints, kind = get_type_hints(options, include_extras=True), inspect.Parameter.KEYWORD_ONLY
    return [
        inspect.Parameter(each.name, kind, default=each.default, annotation=hints[each.name])
        for each in fields(options)
    ]


def _gathered(own: list[inspect.Parameter], values: dict[str, Any]) -> dict[str, Any]:
    """The values of a command's parameters, those of a class of options as one value of it."""
    for each in own:
        if is_dataclass(options := each.annotation) and isinstance(options, type):
            values[each.name] = options(**{place.name: values.pop(place.name) for place in fields(options)})
    return values


def shared_parameters(uses: Uses) -> dict[str, inspect.Parameter]:
    """The options that a declaration adds, by the name of their place in `SharedOptions`, in the order of help."""
    wanted = {
        "dry_run": uses.dry_run,
        "yes": uses.asks or uses.writes.guarded,
        "confirm": uses.writes.guarded,
        "ledger": uses.ledger in (FileUse.REQUIRED, FileUse.CREATE),
        "mode": uses.settings and uses.mode is not ModeCheck.ABSENT,
        "env_file": uses.settings,
        "deployment": uses.settings and (bool(uses.stripe) or uses.ledger in (FileUse.REQUIRED, FileUse.CREATE)),
        "webhook_path": uses.settings and uses.webhook,
        "as_json": True,
    }
    return {name: _parameter(name) for name, given in wanted.items() if given}


_OPTIONS: dict[str, tuple[Any, Any]] = {
    "dry_run": (shared.DryRunOption, False),
    "yes": (shared.YesOption, False),
    "confirm": (shared.ConfirmOption, None),
    "ledger": (shared.LedgerOption, None),
    "mode": (shared.ModeOption, None),
    "env_file": (shared.EnvFileOption, None),
    "deployment": (shared.DeploymentOption, None),
    "webhook_path": (shared.WebhookPathOption, None),
    "as_json": (shared.JsonOption, False),
}


def _parameter(name: str) -> inspect.Parameter:
    annotation, default = _OPTIONS[name]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _dressed(called: Callable[..., int], function: Any, options: list[inspect.Parameter]) -> Callable[..., int]:
    """Gives the outer function the name, text and signature that Typer reads: own options first, then the shared."""
    ctx = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters = [ctx, *options]
    called.__name__, called.__qualname__ = function.__name__, function.__qualname__
    called.__module__, called.__doc__ = function.__module__, function.__doc__
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return called
