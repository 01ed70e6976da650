"""Contracts: an adapter's messages are held against its vendor's document, both ways, closed unless opened by name.

    checker = Checker(laid_over(document, overlay(text)))
    transport = CheckingTransport(httpx.WSGITransport(app=emulator), checker)
    ...                                    # open the adapter with Opening(transport=transport) and use it
    transport.held(claimed={"GET /things", "POST /things/{id}"})

Needs the extra `testing`.
"""

from reconciler.testing.contracts.checker import Checker, Violation
from reconciler.testing.contracts.closing import Side, Unusable
from reconciler.testing.contracts.from_client import Client, derive
from reconciler.testing.contracts.overlay import Change, Unfit, laid_over, overlay
from reconciler.testing.contracts.transport import CheckingTransport, check_coverage

__all__ = [
    "Change",
    "Checker",
    "CheckingTransport",
    "Client",
    "Side",
    "Unfit",
    "Unusable",
    "Violation",
    "check_coverage",
    "derive",
    "laid_over",
    "overlay",
]
