"""`reconciler emulate`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.settings import Settings, global_options
from reconciler.model.clock import Clock
from reconciler.model.messages import problem
from reconciler.model.problems import Failure

if TYPE_CHECKING:
    from reconciler.emulators.hubspot import HubSpot, Seen
    from reconciler.emulators.serving import Server

_TIERS = ("free", "starter", "professional", "enterprise", "addon")
_TOKEN = "pat-na1-emulated"  # noqa: S105 # it opens nothing but an emulated account


@click.command("emulate")
@click.argument("crm", type=click.Choice(["hubspot"]))
@click.option("--port", type=click.IntRange(0, 65535), default=8800, help="Where to listen; 0 takes a free one.")
@click.option("--data", metavar="FILE", type=click.Path(path_type=Path), help="Keep the account in this file.")
@click.option("--token", metavar="TOKEN", default=_TOKEN, help="The token that requests must have.")
@click.option("--tier", type=click.Choice(_TIERS), default="free", help="Whose limits apply.")
@click.option("--search-lag", metavar="SECONDS", type=click.FloatRange(0, 86_400), default=0, help="How late is it?")
@click.option("--rewrite", metavar="FIELD=RULE", multiple=True, help="Change values of a field; * for all free texts.")
@global_options(hidden=True)
@click.pass_obj
def command(
    settings: Settings,
    /,
    crm: str,  # noqa: ARG001 # the only one so far
    port: int,
    data: Path | None,
    rewrite: Sequence[str],
    **account: str | float,
) -> None:
    """Serve the API of a CRM on this machine, for rehearsals: nobody needs an account, and nothing real is touched.

    It listens on 127.0.0.1 only and prints the lines that a file needs for it. What it holds can be looked at in a
    browser, at the address that it prints. -v prints a line for each request, without its values. Ctrl-C ends it.

    --search-lag is the time until the search finds a change. --rewrite changes values on purpose, as some accounts
    do: strip, title, upper, lower, ignore, truncate:N or round:N.

    \b
    Examples:
      reconciler emulate hubspot
      reconciler emulate hubspot --data hubspot.db --tier professional
      reconciler emulate hubspot --port 0 --search-lag 5 --rewrite 'city=upper' --rewrite '*=strip'
    """
    settings.enter_directory()
    rules = _rules(rewrite)
    with _kept(data) as path, _opened(path, rules, account) as emulator:
        if settings.verbose:
            emulator.watch = lambda seen: settings.print(_line(seen), to_stderr=True)
        server = _server(emulator, port)
        settings.print(_welcome(server.url, emulator.settings.token, data))
        server.run()
    settings.print("\nStopped.\n", to_stderr=True)


def _rules(rewrite: Sequence[str]) -> Mapping[str, str]:
    rules: dict[str, str] = {}
    for text in rewrite:
        field, sign, rule = text.partition("=")
        if not (field and sign):
            raise Failure(problem("E903", "`--rewrite` is FIELD=RULE"))
        rules[field] = rule
    return rules


@contextmanager
def _kept(data: Path | None) -> Iterator[Path]:
    """The account's file; without one a temporary one, which is gone afterwards."""
    if data is not None:
        yield data
        return
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="reconciler-") as folder:
        yield Path(folder) / "account.db"


@contextmanager
def _opened(path: Path, rules: Mapping[str, str], account: Mapping[str, str | float]) -> Iterator[HubSpot]:
    from pydantic import ValidationError

    from reconciler.emulators.hubspot import HubSpot
    from reconciler.emulators.hubspot import Settings as Account
    from reconciler.localcrm import LocalCrmError

    if math.isnan(float(account["search_lag"])):
        raise Failure(problem("E903", "`--search-lag` is a number of seconds"))
    wanted = Account(token=str(account["token"]), tier=str(account["tier"]), search_lag=float(account["search_lag"]))
    if not wanted.token or wanted.token != wanted.token.strip() or not wanted.token.isascii():
        raise Failure(problem("E903", "`--token` is a text without spaces around it, in ASCII"))
    try:
        emulator = HubSpot(path, Clock.system(), wanted, rules)
    except ValidationError:
        fix = "the rules are strip, title, upper, lower, ignore, truncate:N and round:N"
        raise Failure(problem("E903", "`--rewrite` has a rule that is none", fix=fix)) from None
    except LocalCrmError as error:
        raise Failure(problem("E936", error.detail)) from None
    try:
        yield emulator
    finally:
        emulator.close()


def _server(emulator: HubSpot, port: int) -> Server:
    from reconciler.emulators.serving import PortTaken, Server

    try:
        return Server(emulator, port)
    except PortTaken:
        raise Failure(problem("E935", f"port {port}")) from None


def _welcome(url: str, token: str, data: Path | None) -> str:
    where = f"The account is in {data}." if data else "The account is in a temporary file, and gone when this ends."
    return f"""HubSpot is emulated at {url} (open it in a browser to look inside).
{where} Ctrl-C ends it.

In the shell:

  export HUBSPOT_TOKEN={token}

In the file:

  crm:
    type: hubspot
    url: {url}
    token: ${{env:HUBSPOT_TOKEN}}
"""


def _line(seen: Seen) -> str:
    items = f" ({seen.items})" if seen.items else ""
    return f"{seen.status} {seen.method} {seen.path or '(nothing of it is emulated)'}{items}\n"
