"""Procedural tasks of the environments, with policies that solve them. One module with a function `draw` an environment."""

from collections.abc import Callable
from random import Random

from openqwq.agents.tasks import files, orders, python, search
from openqwq.agents.tasks.task import Task

TASKS: dict[str, Callable[[Random], Task]] = {
    "files": files.draw,
    "orders": orders.draw,
    "python": python.draw,
    "search": search.draw,
}
