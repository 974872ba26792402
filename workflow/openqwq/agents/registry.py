"""The environments by name. A new one is a file with its class and a line here."""

from openqwq.agents.environment import Environment
from openqwq.agents.environments.bfcl import Bfcl
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
CONVERSATIONS: dict[str, type[Environment]] = {"bfcl": Bfcl}  # of benchmarks; no source's problem may name one


def find(name: str) -> type[Environment]:
    """The environment of that name. Raises `UserError`."""
    known = ENVIRONMENTS | CONVERSATIONS
    if name not in known:
        raise UserError(f"environment {name!r} does not exist. Known: {', '.join(known)}.")
    return known[name]
