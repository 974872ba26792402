"""Environment `orders`: the desk of a shop, with customers, products and orders. Scored from all rows that are left.

Task: a table `{id: row}` under each of `customers`, `products`, `orders` and `returns`, as they are at the beginning, and under
`expected` by name those that must be different at the end. Nothing else may have changed.

The desk has rules (`RULES`, which prompts quote). The tools hold those that a shop's system would hold; that a return is right
only for what cannot be cancelled is left to the model.
"""

from copy import deepcopy
from typing import Any, ClassVar

from openqwq.agents.environment import TOOL_SECONDS, BadTask, ToolError, as_text, not_a_tool, task_of
from openqwq.verify import Verdict, correct, incorrect

TABLES = ("customers", "products", "orders", "returns")
_COLUMNS: dict[str, dict[str, type]] = {  # what the tools read of a row; others may be there
    "customers": {"name": str},
    "products": {"name": str, "stock": int},
    "orders": {"customer_id": str, "product_id": str, "quantity": int, "status": str},
    "returns": {"order_id": str},
}
MAX_QUANTITY = 20
MAX_NEW = 50  # orders and returns that an episode may add
MAX_FOUND = 10
RULES = (
    "An order can be changed or cancelled only while its status is open. An order that was shipped or delivered is not "
    "cancelled: open a return for it instead. An order that was cancelled stays as it is. "
    f"No order is of more than {MAX_QUANTITY} pieces, or of more than there are in stock."
)
Row = dict[str, Any]


class Orders:
    """Every tool is a look-up or a change of one row."""

    name: ClassVar[str] = "orders"

    def __init__(self, _tool_seconds: float = TOOL_SECONDS) -> None:
        self._tables: dict[str, dict[str, Row]] = {table: {} for table in TABLES}
        self._expected: dict[str, dict[str, Row]] = {}
        self._added = 0

    def reset(self, **problem: Any) -> None:
        """Fills the tables."""
        task = task_of(problem, **dict.fromkeys((*TABLES, "expected"), dict))
        expected = task["expected"]
        if not set(expected) <= set(TABLES) or not all(isinstance(table, dict) for table in expected.values()):
            raise BadTask("expected names some of the tables, each an object of rows")
        for table in TABLES:
            for key, row in task[table].items():
                if not isinstance(row, dict) or any(
                    not isinstance(row.get(name), kind) for name, kind in _COLUMNS[table].items()
                ):
                    raise BadTask(f"{table}: {key} is no row with {', '.join(_COLUMNS[table])}")
        if not all(order["product_id"] in task["products"] for order in task["orders"].values()):
            raise BadTask("orders: one of a product that is not there")
        self._tables = {table: dict(sorted(deepcopy(task[table]).items())) for table in TABLES}
        self._expected = {table: task["expected"].get(table, task[table]) for table in TABLES}
        self._added = 0

    def find_customer(self, name: str) -> str:
        """Find customers by their name or a part of it.

        Args:
            name: The name, in any capitals.
        """
        return self._found("customers", name, "customer")

    def find_product(self, text: str) -> str:
        """Find products by their name or a part of it, with price and stock.

        Args:
            text: The name, in any capitals.
        """
        return self._found("products", text, "product")

    def list_orders(self, customer_id: str) -> str:
        """List all orders of a customer.

        Args:
            customer_id: The customer's id, such as C12.
        """
        self._row("customers", customer_id)
        return as_text([{"id": key, **row} for key, row in self._tables["orders"].items() if row["customer_id"] == customer_id])

    def get_order(self, order_id: str) -> str:
        """Show one order.

        Args:
            order_id: The order's id, such as O1001.
        """
        return as_text({"id": order_id, **self._row("orders", order_id)})

    def create_order(self, customer_id: str, product_id: str, quantity: int) -> str:
        """Create an order of one product for a customer.

        Args:
            customer_id: The customer's id.
            product_id: The product's id.
            quantity: How many pieces.
        """
        self._row("customers", customer_id)
        product = self._row("products", product_id)
        self._take(product, product_id, quantity, had=0)
        key = self._new("orders", "O")
        row = {"customer_id": customer_id, "product_id": product_id, "quantity": quantity, "status": "open"}
        self._tables["orders"][key] = row
        return f"created order {key}"

    def change_quantity(self, order_id: str, quantity: int) -> str:
        """Change how many pieces an open order is of.

        Args:
            order_id: The order's id.
            quantity: The new number of pieces.
        """
        order = self._open(order_id)
        product = self._row("products", order["product_id"])
        self._take(product, order["product_id"], quantity, had=order["quantity"])
        order["quantity"] = quantity
        return f"order {order_id} is now of {quantity} pieces"

    def cancel_order(self, order_id: str) -> str:
        """Cancel an open order; its pieces go back into stock.

        Args:
            order_id: The order's id.
        """
        order = self._open(order_id)
        self._row("products", order["product_id"])["stock"] += order["quantity"]
        order["status"] = "cancelled"
        return f"cancelled order {order_id}"

    def open_return(self, order_id: str) -> str:
        """Open a return for an order, which the customer then sends back.

        Args:
            order_id: The order's id.
        """
        self._row("orders", order_id)
        if any(row["order_id"] == order_id for row in self._tables["returns"].values()):
            raise ToolError(f"there is a return for order {order_id} already.")
        key = self._new("returns", "R")
        self._tables["returns"][key] = {"order_id": order_id}
        return f"opened return {key} for order {order_id}"

    @not_a_tool
    def score(self, _answer: str) -> Verdict:
        """Every row must be as expected."""
        for table in TABLES:
            left, wanted = self._tables[table], self._expected[table]
            for key in sorted(left.keys() | wanted.keys()):
                if key not in left:
                    return incorrect(f"{table}: {key} is missing")
                if key not in wanted:
                    return incorrect(f"{table}: {key} should not be there")
                if left[key] != wanted[key]:
                    return incorrect(f"{table}: {key} is not as it should be")
        return correct("all rows are as they should be")

    @not_a_tool
    def close(self) -> None:
        """Nothing is held."""

    def _row(self, table: str, key: str) -> Row:
        if key not in self._tables[table]:
            raise ToolError(f"there is no {table.removesuffix('s')} with the id {key[:40]!r}.")
        return self._tables[table][key]

    def _found(self, table: str, text: str, what: str) -> str:
        wanted = text.casefold().strip()
        if not wanted:
            raise ToolError(f"give a part of the {what}'s name.")
        found = [{"id": key, **row} for key, row in self._tables[table].items() if wanted in row["name"].casefold()]
        if not found:
            raise ToolError(f"no {what} is named {text[:80]!r}. Try a shorter part of the name.")
        return as_text(found[:MAX_FOUND])

    def _open(self, order_id: str) -> Row:
        order = self._row("orders", order_id)
        if order["status"] != "open":
            raise ToolError(f"order {order_id} is {order['status']}, and only open orders can be changed or cancelled.")
        return order

    def _take(self, product: Row, product_id: str, quantity: int, had: int) -> None:
        """Moves pieces between stock and an order that had `had` of them."""
        if not 1 <= quantity <= MAX_QUANTITY:
            raise ToolError(f"an order is of 1 to {MAX_QUANTITY} pieces, not {quantity}.")
        if quantity - had > product["stock"]:
            raise ToolError(f"there are only {product['stock'] + had} pieces of {product_id} to be had.")
        product["stock"] -= quantity - had

    def _new(self, table: str, letter: str) -> str:
        if self._added >= MAX_NEW:
            raise ToolError(f"no more than {MAX_NEW} orders and returns can be added here.")
        self._added += 1
        numbers = [int(key[1:]) for key in self._tables[table] if key[1:].isdecimal()]
        return f"{letter}{max(numbers, default=1000) + 1}"
