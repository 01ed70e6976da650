"""What every store promises: a lease with a number that grows, entries that are made once, blobs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from .places import World, opened

ADA, BOB = b"ada 1", b"bob 2"


def taken(world: World, holder: bytes = ADA, later: float = 0) -> int | None:
    with opened(world, later) as store:
        return store.take(holder, 60)


def test_a_place_that_was_never_used_is_an_empty_state(world: World) -> None:
    with opened(world) as store:
        assert store.lease() is None
        assert list(store.numbers()) == []
        assert store.entry(1) is None
        assert store.get("blob") is None
        assert list(store.names()) == []


def test_a_lease_is_one_holders_alone(world: World) -> None:
    assert taken(world) == 1
    assert taken(world, BOB) is None
    with opened(world) as store:
        lease = store.lease()
        assert lease is not None
        assert (lease.fence, lease.holder, lease.seconds, lease.free) == (1, ADA, 60, False)


def test_each_taking_has_a_higher_number(world: World) -> None:
    with opened(world) as store:
        assert store.take(ADA, 60) == 1
        store.release(1, ADA)
        assert store.take(BOB, 60) == 2
        assert store.take(BOB, 60) == 3  # whose answer was lost


def test_a_lease_runs_out_by_the_clock_of_the_store(world: World) -> None:
    assert taken(world) == 1
    assert taken(world, BOB, later=55) is None
    assert taken(world, BOB, later=65) == 2


def test_a_lease_that_is_renewed_does_not_run_out(world: World) -> None:
    assert taken(world) == 1
    with opened(world) as store:
        assert store.renew(1, ADA, 300)
    assert taken(world, BOB, later=65) is None


def test_what_ran_out_can_be_renewed_while_nobody_else_has_it(world: World) -> None:
    assert taken(world) == 1
    with opened(world, later=90) as store:
        assert store.renew(1, ADA, 60)
    assert taken(world, BOB) is None


def test_who_lost_the_lease_can_neither_renew_nor_release_it(world: World) -> None:
    with opened(world) as store:
        assert store.take(ADA, 60) == 1
        world.run_out()
        assert taken(world, BOB) == 2
        assert not store.renew(1, ADA, 60)
        store.release(1, ADA)
        lease = store.lease()
        assert lease is not None
        assert (lease.fence, lease.holder, lease.free) == (2, BOB, False)


def test_a_lease_can_be_taken_from_who_is_gone(world: World) -> None:
    assert taken(world) == 1
    with opened(world) as store:
        assert store.take(BOB, 60, force=True) == 2


def test_of_two_who_take_it_at_once_one_has_it(world: World) -> None:
    with opened(world) as store:
        store.take(b"somebody", 60)
        store.release(1, b"somebody")
    with ThreadPoolExecutor(4) as pool:
        fences = list(pool.map(lambda number: taken(world, f"runner {number}".encode()), range(4)))
    assert sorted(fence for fence in fences if fence is not None) == [2]


def test_an_entry_is_made_once(world: World) -> None:
    with opened(world) as store:
        fence = store.take(ADA, 60) or 0
        assert store.append(1, b"first", fence)
        assert not store.append(1, b"another", fence)
        assert store.entry(1) == b"first"
        assert list(store.numbers()) == [1]


def test_of_two_who_append_at_once_one_does(world: World) -> None:
    with ExitStack() as stack:
        stores = [stack.enter_context(opened(world)) for _ in range(4)]
        fence = stores[0].take(ADA, 60) or 0
        for number in range(1, 6):
            with ThreadPoolExecutor(4) as pool:
                append = [pool.submit(s.append, number, b"by %d" % n, fence) for n, s in enumerate(stores)]
            assert [made.result() for made in append].count(True) == 1
        assert list(stores[0].numbers()) == [1, 2, 3, 4, 5]


def test_who_lost_the_lease_cannot_append_once_the_next_holder_has(world: World) -> None:
    with opened(world) as late, opened(world) as store:
        fence = late.take(ADA, 60) or 0
        assert late.append(1, b"mine", fence)
        world.run_out()
        assert store.append(2, b"opening", store.take(BOB, 60) or 0)
        assert not late.append(2, b"mine too", fence)
        assert store.entry(2) == b"opening"


def test_blobs_are_kept_until_they_are_swept(world: World) -> None:
    with opened(world) as store:
        fence = store.take(ADA, 60) or 0
        content = bytes(range(256)) * 5000
        store.put("a", content)
        store.put("b", b"")
        store.append(1, b"one", fence)
        store.append(2, b"two", fence)
        assert store.get("a") == content
        assert store.get("b") == b""
        assert sorted(store.names()) == ["a", "b"]
        store.sweep([1], ["a", "gone"])
        assert sorted(store.names()) == ["b"]
        assert list(store.numbers()) == [2]
        assert store.append(3, b"three", fence)


def test_many_entries_and_blobs_are_listed_and_swept(world: World) -> None:
    with opened(world) as store:
        fence = store.take(ADA, 60) or 0
        for number in range(1, 1012):
            assert store.append(number, b"x", fence)
        assert len(store.numbers()) == 1011
        store.sweep(range(1, 1011), [])
        assert list(store.numbers()) == [1011]
