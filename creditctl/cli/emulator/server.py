"""`creditctl emulator`: the local Stripe on a port, for any SDK or the official Stripe CLI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from creditctl.cli.command import Answer, Session, command
from creditctl.cli.emulator.serving import RadarRules, StartOptions, serve_emulator
from creditctl.cli.options import HostOption, PortOption

RawCardsOption = Annotated[
    bool, typer.Option("--raw-cards", help="Take card numbers by API, as Stripe lets some accounts.")
]
RadarOption = Annotated[
    RadarRules, typer.Option("--radar", help="strict: block payments whose CVC or postal code check fails.")
]


AllowHostOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host", help="Also answer requests to this host name; several times.", show_default="this machine's"
    ),
]
PublicUrlOption = Annotated[
    str | None,
    typer.Option(
        "--public-url",
        help="Where a browser reaches it, for the URLs of Checkout pages; in a container http://localhost:PORT.",
        show_default="where a request came to",
        metavar="URL",
    ),
]
ApiVersionOption = Annotated[
    str | None,
    typer.Option(
        "--api-version",
        help="The account's API version: for requests and endpoints that name none.",
        show_default="the newest",
        metavar="VERSION",
    ),
]


@command(settings=False)
def emulator(
    session: Session,
    host: HostOption = StartOptions.host,
    port: PortOption = StartOptions.port,
    state: Annotated[
        Path | None, typer.Option("--state", help="Keep the state in this SQLite file.", show_default="memory")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Make ids repeatable.", show_default="random")] = None,
    livemode: Annotated[bool, typer.Option("--livemode", help="Rehearse live mode: accept live keys.")] = False,
    strict_urls: Annotated[
        bool, typer.Option("--strict-urls", help="Refuse local webhook URLs, as Stripe does.")
    ] = False,
    raw_cards: RawCardsOption = False,
    radar: RadarOption = RadarRules.DEFAULT,
    allow_host: AllowHostOption = None,
    public_url: PublicUrlOption = None,
    api_version: ApiVersionOption = None,
    files: Annotated[
        Path | None,
        typer.Option("--files", help="Read and write snapshots and manifests below this folder.", show_default="here"),
    ] = None,
) -> Answer:
    """Run a local Stripe: no account, no network. Ctrl-C stops it. The commands below steer one that runs."""
    return serve_emulator(
        session,
        StartOptions(
            host=host,
            port=port,
            state=state,
            seed=seed,
            livemode=livemode,
            strict_urls=strict_urls,
            raw_cards=raw_cards,
            radar=radar,
            allow_host=tuple(allow_host or ()),
            public_url=public_url,
            api_version=api_version,
            files=files,
        ),
    )
