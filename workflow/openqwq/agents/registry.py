"""The environments by name. A new one is a file with its class and a line here."""

from openqwq.agents.environment import Environment
from openqwq.agents.environments.files import Files
from openqwq.agents.environments.orders import Orders
from openqwq.agents.environments.python import Python
from openqwq.agents.environments.search import Search
from openqwq.errors import UserError

ENVIRONMENTS: dict[str, type[Environment]] = {
    "files": Files,
    "orders": Orders,
    "python": Python,
    "search": Search,
}


def find(name: str) -> type[Environment]:
    """The environment of that name. Raises `UserError`."""
    if name not in ENVIRONMENTS:
        raise UserError(f"environment {name!r} does not exist. Known: {', '.join(ENVIRONMENTS)}.")
    return ENVIRONMENTS[name]
