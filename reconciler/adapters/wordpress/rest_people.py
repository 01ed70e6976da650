"""Every user of a site once, out of pages that are asked for by their place while users come and go.

Each page begins with the last user of the page before it. Where it does not, somebody further ahead was deleted
meanwhile and the others moved up: reading goes back until a page begins with somebody who was read, so that nobody
is left out. Who registers comes at the end, and moves nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from reconciler.adapters.errors import SourceFailed

if TYPE_CHECKING:
    from reconciler.adapters.wordpress.rest_shapes import User

SIZE = 100  # users of one page, WordPress's most
_STEP = SIZE - 1
_BACK = 10  # times that reading goes back, each time by one page more


@dataclass(frozen=True, slots=True)
class Page:
    """`total`: how many users there were when it was made."""

    users: Sequence[User]
    total: int


Fetch = Callable[[int], Page]
"""fetch(place): the page that begins with the user at that place, counted from 0, by ascending number."""
InOrder = Callable[[Iterable[Callable[[], Page]]], Generator[Page, None, None]]
"""Carries several out at once and gives what they give, in their order."""


def everybody(fetch: Fetch, in_order: InOrder) -> Iterator[Sequence[User]]:
    """Users in the order of their numbers, a page at a time; the first page alone, since it says how many there are.
    Raises SourceFailed where it is not certain that nobody is left out."""
    last = count = place = total = back = 0
    more = True
    while more:
        with closing(_pages(fetch, in_order, place, total)) as pages:
            for at, page in pages:
                total, users = page.total, _checked(page, at)
                if at and (not users or users[0].id > last):
                    back += 1
                    place, more = _further_back(at, total, back), True
                    break
                if new := [user for user in users if user.id > last]:
                    yield new
                    last = new[-1].id
                    count += len(new)
                place = at + _STEP
                more = place + 1 < total
    if count < total:
        raise SourceFailed("E471" if back else "E472", f"{count:,} of {total:,} users came")


def _pages(fetch: Fetch, in_order: InOrder, place: int, total: int) -> Generator[tuple[int, Page], None, None]:
    """From that place to the end, as far as it is known."""
    places = range(place, max(total - 1, place + 1), _STEP)
    with closing(in_order(partial(fetch, at) for at in places)) as pages:
        yield from zip(places, pages, strict=False)


def _further_back(at: int, total: int, back: int) -> int:
    if back > _BACK:
        raise SourceFailed("E471", f"{back} times users before those that were read next were deleted")
    return max(0, min(at, total) - SIZE * back)


def _checked(page: Page, at: int) -> Sequence[User]:
    """The users, if there are as many as there should be, by ascending number. Raises SourceFailed."""
    users = page.users
    if any(one.id >= other.id for one, other in pairwise(users)):
        raise SourceFailed("E472", "users did not come in the order of their numbers")
    if len(users) < min(SIZE, page.total - at):
        raise SourceFailed(
            "E472",
            f"{len(users)} users came where {min(SIZE, page.total - at)} should stand",
            "look which plugin of the site takes users out of the REST API's answers; or read the database, with "
            "`source.url`",
        )
    return users
