"""Tasks of the environment `orders`: what customers ask of a shop's desk."""

from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

from openqwq.agents.environments.orders import MAX_QUANTITY, RULES
from openqwq.agents.tasks.names import person, several
from openqwq.agents.tasks.task import Expert, Task, turn, worded

Tables = dict[str, dict[str, dict[str, Any]]]
Steps = list[tuple[str, str, dict[str, Any]]]  # thinking in some wordings, tool, arguments
Made = tuple[str, Tables, Steps]  # the wish, the tables as they must become, the way there
_ADJECTIVES = ("blue", "folding", "wooden", "small", "striped", "heavy", "round", "green", "woollen", "copper")
_THINGS = ("kettle", "lamp", "blanket", "chair", "basket", "clock", "jug", "mirror", "rug", "tray")


def _shop(rng: Random) -> Tables:
    people = several(rng, person, 4)
    customers = {f"C{number}": {"name": name} for number, name in zip(rng.sample(range(10, 1000), 4), people, strict=True)}
    names = rng.sample([f"{a} {t}" for a in _ADJECTIVES for t in _THINGS], 5)
    products = {
        f"P{number}": {"name": name, "price": rng.randint(5, 95), "stock": rng.randint(8, 40)}
        for number, name in zip(rng.sample(range(100, 1000), 5), names, strict=True)
    }
    orders: dict[str, dict[str, Any]] = {}
    for number in sorted(rng.sample(range(1001, 9999), 7)):
        free = [c for c in customers if sum(o["customer_id"] == c for o in orders.values()) < 2]
        customer = rng.choice(free)
        taken = {order["product_id"] for order in orders.values() if order["customer_id"] == customer}
        orders[f"O{number}"] = {
            "customer_id": customer,
            "product_id": rng.choice([product for product in products if product not in taken]),
            "quantity": rng.randint(1, 6),
            "status": rng.choice(("open", "open", "shipped", "delivered")),
        }
    return {"customers": customers, "products": products, "orders": orders, "returns": {}}


def _some(rng: Random, shop: Tables, *statuses: str) -> str | None:
    """An order of one of these statuses."""
    found = [key for key, order in shop["orders"].items() if order["status"] in statuses]
    return rng.choice(found) if found else None


def _cancelled(shop: Tables, order: str) -> Tables:
    after = deepcopy(shop)
    row = after["orders"][order]
    row["status"] = "cancelled"
    after["products"][row["product_id"]]["stock"] += row["quantity"]
    return after


def _cancel(rng: Random, shop: Tables) -> Made | None:
    order = _some(rng, shop, "open")
    if order is None:
        return None
    ask = rng.choice(("Please cancel my order {}.", "I do not need order {} any more; it is still open. Cancel it."))
    return (
        ask.format(order),
        _cancelled(shop, order),
        [
            (
                "It is one order, known by its id.|The id is given, so I cancel it.|An open order may be cancelled.",
                "cancel_order",
                {"order_id": order},
            )
        ],
    )


def _quantity(rng: Random, shop: Tables) -> Made | None:
    order = _some(rng, shop, "open")
    if order is None:
        return None
    after = deepcopy(shop)
    row = after["orders"][order]
    stock = after["products"][row["product_id"]]
    new = rng.choice([n for n in range(1, min(MAX_QUANTITY, row["quantity"] + stock["stock"]) + 1) if n != row["quantity"]])
    stock["stock"] += row["quantity"] - new
    row["quantity"] = new
    ask = rng.choice(("Make it {1} pieces in order {0}, please.", "Order {0} should be of {1} pieces.")).format(order, new)
    return (
        ask,
        after,
        [
            (
                "I change the number.|Only the quantity changes.|The order keeps its product and gets another number.",
                "change_quantity",
                {"order_id": order, "quantity": new},
            )
        ],
    )


def _give_back(rng: Random, shop: Tables) -> Made | None:
    order = _some(rng, shop, "open", "shipped", "delivered")
    if order is None:
        return None
    status = shop["orders"][order]["status"]
    look = ("Its status decides what may be done.|Is it open or on its way? I look.", "get_order", {"order_id": order})
    asks = (
        "I do not want what I ordered as {}. Do what your rules allow.",
        "Get me out of order {}, in the way that your rules say.",
    )
    ask = rng.choice(asks).format(order)
    if status == "open":
        return (
            ask,
            _cancelled(shop, order),
            [look, ("It is open, so it is cancelled.|Open: then cancelling is right.", "cancel_order", {"order_id": order})],
        )
    after = deepcopy(shop) | {"returns": {"R1001": {"order_id": order}}}
    return (
        ask,
        after,
        [
            look,
            (
                f"It is {status}: that is a return.|{status} orders are not cancelled, so I open a return.",
                "open_return",
                {"order_id": order},
            ),
        ],
    )


def _named(rng: Random, shop: Tables) -> Made | None:
    order = _some(rng, shop, "open", "shipped", "delivered")
    if order is None:
        return None
    row = shop["orders"][order]
    name, product = shop["customers"][row["customer_id"]]["name"], shop["products"][row["product_id"]]["name"]
    steps: Steps = [
        ("I need the customer's id.|Who is it? I look the name up.", "find_customer", {"name": name}),
        ("Now the orders.|Which orders are there?", "list_orders", {"customer_id": row["customer_id"]}),
        (f"And which product is the {product}?|The {product} has an id too.", "find_product", {"text": product}),
    ]
    asks = (
        "I am {}. I do not want the {} any more. Do what your rules allow.",
        "{} here. I would like to get rid of my order of the {}, as your rules allow.",
    )
    ask = rng.choice(asks).format(name, product)
    if row["status"] == "open":
        steps.append(
            (f"{order} is the one, and it is open.|It is {order}, still open: I cancel it.", "cancel_order", {"order_id": order})
        )
        return ask, _cancelled(shop, order), steps
    steps.append(
        (
            f"{order} is the one, and it is {row['status']}.|It is {order}, {row['status']}: a return then.",
            "open_return",
            {"order_id": order},
        )
    )
    return ask, deepcopy(shop) | {"returns": {"R1001": {"order_id": order}}}, steps


def _order(rng: Random, shop: Tables) -> Made | None:
    customer, product = rng.choice(list(shop["customers"])), rng.choice(list(shop["products"]))
    name, thing = shop["customers"][customer]["name"], shop["products"][product]["name"]
    quantity = rng.randint(1, 7)
    after = deepcopy(shop)
    after["products"][product]["stock"] -= quantity
    new = f"O{max(int(key[1:]) for key in shop['orders']) + 1}"
    after["orders"][new] = {"customer_id": customer, "product_id": product, "quantity": quantity, "status": "open"}
    steps: Steps = [
        ("First the customer.|I look the customer up.", "find_customer", {"name": name}),
        ("Then the product.|Now what is ordered.", "find_product", {"text": thing}),
        (
            "Both ids are known.|With both ids I can order.",
            "create_order",
            {"customer_id": customer, "product_id": product, "quantity": quantity},
        ),
    ]
    ask = rng.choice(("I am {}. Please order {} of the {} for me.", "{} here: send me {} pieces of the {}."))
    return ask.format(name, quantity, thing), after, steps


KINDS: dict[str, tuple[int, Callable[[Random, Tables], Made | None]]] = {
    "cancel": (1, _cancel),
    "quantity": (1, _quantity),
    "give_back": (2, _give_back),
    "order": (3, _order),
    "named": (4, _named),
}


def draw(rng: Random) -> Task:
    """One task."""
    made = None
    while made is None:
        name = rng.choice(list(KINDS))
        level, make = KINDS[name]
        shop = _shop(rng)
        made = make(rng, shop)
    ask, after, steps = made

    def expert(voice: Random) -> Expert:
        for thinking, tool, arguments in steps:
            yield turn(f"{voice.choice(_OPEN)} {worded(thinking, voice)}", (tool, arguments))
        yield turn(
            voice.choice(("The desk took it.", "That went through.", "The rules are kept and it is done.")),
            answer=voice.choice(_DONE),
        )

    task = {**shop, "expected": {table: rows for table, rows in after.items() if rows != shop[table]}}
    return Task(
        f"{name} {ask} {steps}", f"You work at the desk of a shop. {RULES}\n\nA customer writes: {ask}", task, level, expert
    )


_OPEN = ("Let me see.", "Good.", "Step by step.", "Next:", "I follow the rules.", "Now then.")
_DONE = ("It is done.", "I have done that for you.", "Done, as the rules allow.", "That is settled.")
