"""Host names that are not there to stay: tunnels, workspaces in a browser, preview deployments."""

from __future__ import annotations

import re

_TUNNELS = (
    ".ngrok.io",
    ".ngrok.app",
    ".ngrok.dev",
    ".ngrok-free.app",
    ".ngrok-free.dev",
    ".trycloudflare.com",
    ".loca.lt",
    ".localtunnel.me",
    ".serveo.net",
    ".localhost.run",
    ".lhr.life",
    ".lhr.rocks",
    ".pagekite.me",
    ".tunnelmole.net",
    ".devtunnels.ms",
    ".expose.dev",
    ".sharedwithexpose.com",
    ".telebit.io",
    ".zrok.io",
    ".pinggy.link",
    ".pinggy.online",
    ".bore.pub",
    ".ts.net",
)
_WORKSPACES = (".gitpod.io", ".github.dev", ".githubpreview.dev", ".csb.app", ".webcontainer.io", ".replit.dev")
_PREVIEW = re.compile(
    r"[a-z0-9-]+-git-[a-z0-9-]+\.vercel\.app|[a-z0-9-]+-(?=[a-z]*\d)[a-z0-9]{9}-[a-z0-9-]+\.vercel\.app|[a-z0-9-]+--[a-z0-9-]+\.netlify\.app"
    r"|[0-9a-f]{8}\.[a-z0-9-]+\.pages\.dev|[a-z0-9-]+-pr-\d+\.(onrender\.com|herokuapp\.com)"
)


def passing_host(host: str) -> str:
    """Says what a host name is that goes away (tunnel, workspace, preview); empty for any other.

    Source: the names that the providers' documentation says they give out.
    """
    name = host.lower().rstrip(".")
    if name.endswith(_TUNNELS):
        return "a tunnel to somebody's machine"
    if name.endswith(_WORKSPACES):
        return "a workspace in somebody's browser"
    return "a preview deployment" if _PREVIEW.fullmatch(name) else ""
