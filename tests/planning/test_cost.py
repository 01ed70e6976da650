from dataclasses import replace

import pytest

from reconciler.model.capabilities import Call, Endpoint
from reconciler.model.inventory import CrmField, Inventory
from reconciler.model.plan import Action, Cost, Delta, EndpointCost, InventoryChange
from reconciler.planning.cost import Work, plan_cost

from .small_crm import CAN_ALL


def change(kind: str, key: str, action: Action, option: str | None = None) -> InventoryChange:
    return InventoryChange(f"{kind}.{key}.{option}", kind, key, action, None, option=option)


def calls(cost: Cost) -> dict[str, int]:
    return {e.name: e.calls for e in cost.endpoints}


def test_nothing_to_do_costs_only_what_was_read() -> None:
    cost = plan_cost(CAN_ALL, {Call.ALL_CONTACTS: 10, Call.GET_CONTACT_ID: 1}, (), Work())
    assert (cost.reads, cost.writes) == (11, 0)
    assert calls(cost) == {"contacts/list": 10, "contacts/search": 1}


@pytest.mark.parametrize(("items", "expected"), [(1, 1), (100, 1), (101, 2), (250, 3)])
def test_contacts_are_written_in_full_batches(items: int, expected: int) -> None:
    cost = plan_cost(CAN_ALL, {}, (), Work(creates=items, updates=items))
    assert calls(cost) == {"contacts/batch/create": expected, "contacts/batch/update": expected}
    assert (cost.reads, cost.writes) == (0, 2 * expected)


def test_people_of_different_tags_share_no_call() -> None:
    work = Work(applied={"A": 11, "B": 1}, removed={"A": 1, "C": 0})
    cost = plan_cost(CAN_ALL, {}, (), work)
    assert (calls(cost), cost.writes) == ({"tags/members": 4}, 4)


def test_read_backs_and_lookups_are_reads() -> None:
    cost = plan_cost(CAN_ALL, {Call.LOAD_CONTACTS: 1}, (), Work(read_back=51, lookups=2))
    assert (cost.reads, cost.writes) == (5, 0)
    assert calls(cost) == {"contacts/batch/read": 3, "contacts/search": 2}


@pytest.mark.parametrize(
    ("kind", "action", "endpoint"),
    [
        ("field", Action.CREATE, "fields"),
        ("field", Action.RENAME, "fields/one"),
        ("field", Action.UPDATE, "fields/one"),
        ("field", Action.DELETE, "fields/one"),
        ("tag", Action.CREATE, "tags"),
        ("tag", Action.RENAME, "tags/one"),
        ("tag", Action.DELETE, "tags/one"),
    ],
)
def test_every_change_of_an_inventory_object_is_one_call(kind: str, action: Action, endpoint: str) -> None:
    cost = plan_cost(CAN_ALL, {}, (change(kind, "a", action), change(kind, "b", action)), Work())
    assert (calls(cost), cost.writes) == ({endpoint: 2}, 2)


@pytest.mark.parametrize("action", [Action.BLOCKED, Action.RELEASED])
def test_what_is_blocked_or_released_costs_nothing(action: Action) -> None:
    assert plan_cost(CAN_ALL, {}, (change("field", "a", action),), Work()) == Cost(rate=10.0)


def test_options_and_label_of_one_field_go_out_in_one_call() -> None:
    changes = (
        change("field", "tier", Action.UPDATE),
        change("option", "tier", Action.CREATE, "gold"),
        change("option", "tier", Action.UPDATE, "pro"),
        change("option", "rank", Action.CREATE, "a"),
    )
    assert plan_cost(CAN_ALL, {}, changes, Work()).writes == 2


def test_options_are_removed_in_a_call_of_their_own_since_that_is_after_people() -> None:
    options = [change("option", "tier", action, action) for action in (Action.CREATE, Action.DELETE)]
    assert plan_cost(CAN_ALL, {}, [*options, change("option", "tier", Action.DELETE, "x")], Work()).writes == 2


def test_a_field_and_a_tag_of_one_name_are_two_objects() -> None:
    changes = (change("field", "vip", Action.CREATE), change("tag", "vip", Action.CREATE))
    assert plan_cost(CAN_ALL, {}, changes, Work()).writes == 2


def test_seconds_are_all_calls_at_the_crms_rate() -> None:
    cost = plan_cost(CAN_ALL, {Call.ALL_CONTACTS: 5}, (), Work(updates=250))
    assert (cost.seconds, cost.rate) == (0.8, 10.0)


def test_a_crm_without_a_limit_costs_no_time() -> None:
    assert plan_cost(replace(CAN_ALL, rate=0.0), {Call.ALL_CONTACTS: 5}, (), Work()).seconds == 0.0


def test_endpoints_are_sorted_by_name_with_reads_and_writes_of_one_name_apart() -> None:
    endpoints = {**CAN_ALL.endpoints, Call.GET_CONTACT_ID: CAN_ALL.endpoints[Call.ADD_CONTACTS]}
    capabilities = replace(CAN_ALL, endpoints=endpoints)
    assert plan_cost(capabilities, {Call.GET_CONTACT_ID: 2}, (), Work(creates=1, updates=1)).endpoints == (
        EndpointCost("contacts/batch/create", 2, False),
        EndpointCost("contacts/batch/create", 1, True),
        EndpointCost("contacts/batch/update", 1, True),
    )


def test_a_call_without_a_row_in_the_price_list_takes_one_item() -> None:
    capabilities = replace(CAN_ALL, endpoints={})
    assert calls(plan_cost(capabilities, {}, (), Work(updates=3))) == {"update_contacts": 3}


def test_calls_that_come_along_are_counted_under_their_own_kind() -> None:
    whole = replace(CAN_ALL.endpoints[Call.APPLY_TAG], batch=1, also=(Call.GET_TAGS,))
    crm = replace(CAN_ALL, endpoints={**CAN_ALL.endpoints, Call.APPLY_TAG: whole, Call.GET_TAGS: Endpoint("tags/of")})
    cost = plan_cost(crm, {Call.APPLY_TAG: 0}, (), Work(applied={"A": 3}))
    assert calls(cost) == {whole.name: 3, "tags/of": 3}
    assert (cost.reads, cost.writes) == (3, 3)


def test_each_call_takes_its_time_at_its_own_rate() -> None:
    slow = replace(CAN_ALL.endpoints[Call.GET_CONTACT_ID], rate=2.0)
    crm = replace(CAN_ALL, rate=10.0, endpoints={**CAN_ALL.endpoints, Call.GET_CONTACT_ID: slow})
    cost = plan_cost(crm, {Call.CONNECT: 1}, (), Work(creates=1, lookups=5))
    assert cost.seconds == pytest.approx(2 / 10 + 5 / 2)


@pytest.mark.parametrize(("priced", "expected"), [(True, 2), (False, 0)])
def test_groups_that_are_not_there_are_made_where_that_is_a_call(priced: bool, expected: int) -> None:
    def put(key: str, action: Action, group: str | None, object: str = "") -> InventoryChange:
        deltas = (Delta("label", None, key), Delta("group", None, group))
        return replace(change("field", key, action), deltas=deltas, object=object)

    changes = (
        put("a", Action.CREATE, "New"),
        put("b", Action.UPDATE, "New"),
        put("c", Action.CREATE, "There"),
        put("d", Action.CREATE, None),
        put("e", Action.BLOCKED, "Never"),
        put("f", Action.CREATE, "There", "lead"),
        put("g", Action.CREATE, "Empty"),
        put("h", Action.CREATE, "Empty too", "lead"),
    )
    others = {"lead": Inventory(groups=frozenset({"Empty too"}))}
    there = Inventory((CrmField("x", "X", "text", group="There"),), (), others, frozenset({"Empty"}))
    endpoints = {**CAN_ALL.endpoints, Call.ADD_GROUP: Endpoint("groups")} if priced else CAN_ALL.endpoints
    cost = plan_cost(replace(CAN_ALL, endpoints=endpoints), {}, changes, Work(), there)
    assert calls(cost).get("groups", 0) == expected
