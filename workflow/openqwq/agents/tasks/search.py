r"""Tasks of the environment `search`: questions about a small world of people and towns that exists in its documents only.

Every answer is one name or number, one to three documents away from what the question says.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from openqwq.agents.tasks.names import person, place, several
from openqwq.agents.tasks.task import Expert, Task, turn

_TRADES = ("a clockmaker", "a botanist", "a bridge builder", "a poet", "a glassblower", "a surveyor", "a composer", "a physician")
_THINGS = ("museum", "observatory", "bridge", "library", "lighthouse", "market hall", "theatre", "canal")
ENDING = r" Search the documents, and put the answer in \boxed{}."


@dataclass(frozen=True)
class _World:
    """Facts by name: of people (birthplace, year, trade, teacher) and of towns (population, thing, year, builder)."""

    people: dict[str, tuple[str, int, str, str]]
    towns: dict[str, tuple[int, str, int, str]]

    def documents(self, rng: Random) -> dict[str, str]:
        told = {name: _about_person(rng, name, *facts) for name, facts in self.people.items()}
        told |= {name: _about_town(rng, name, *facts) for name, facts in self.towns.items()}
        titles = list(told)
        rng.shuffle(titles)
        return {title: told[title] for title in titles}


def _about_person(rng: Random, name: str, town: str, year: int, trade: str, teacher: str) -> str:
    return " ".join(
        (
            rng.choice(("{0} was {1}, born in {2} in {3}.", "Born in {2} in the year {3}, {0} became {1}.")).format(
                name, trade, town, year
            ),
            rng.choice(("{1} was the teacher of {0}.", "{0} learnt the trade from {1}.")).format(name.split()[0], teacher),
            rng.choice(("Little else is known.", "No picture is left.", "Letters of those years are kept in private hands.")),
        )
    )


def _about_town(rng: Random, name: str, people: int, thing: str, year: int, builder: str) -> str:
    return " ".join(
        (
            rng.choice(("{0} is a town of {1} people.", "The town of {0} has {1} inhabitants.")).format(name, people),
            rng.choice(
                ("Its {0} was opened in {1} and is the work of {2}.", "{2} built its {0}, which was opened in {1}.")
            ).format(thing, year, builder),
            rng.choice(("It lies on a slow river.", "A market is held there in autumn.", "Most houses are of yellow stone.")),
        )
    )


def _world(rng: Random) -> _World:
    names, towns = several(rng, person, 8), several(rng, place, 6)
    people = {
        name: (rng.choice(towns), rng.randint(1600, 1880), rng.choice(_TRADES), rng.choice([one for one in names if one != name]))
        for name in names
    }
    facts = {town: (rng.randint(900, 90_000), rng.choice(_THINGS), rng.randint(1650, 1930), rng.choice(names)) for town in towns}
    return _World(people, facts)


Made = tuple[str, str, list[str]]  # question, answer, and the documents in the order in which they are needed


def _born(rng: Random, world: _World) -> Made:
    name = rng.choice(list(world.people))
    town, year, _, teacher = world.people[name]
    question, answer = rng.choice(
        (
            (f"In which town was {name} born?", town),
            (f"In which year was {name} born?", str(year)),
            (f"Who was the teacher of {name}?", teacher),
        )
    )
    return question, answer, [name]


def _town(rng: Random, world: _World) -> Made:
    town = rng.choice(list(world.towns))
    people, thing, year, builder = world.towns[town]
    question, answer = rng.choice(
        (
            (f"How many people live in {town}?", str(people)),
            (f"In which year was the {thing} of {town} opened?", str(year)),
            (f"Who built the {thing} of {town}?", builder),
        )
    )
    return question, answer, [town]


def _builder(rng: Random, world: _World) -> Made:
    town = rng.choice(list(world.towns))
    _, thing, _, builder = world.towns[town]
    home, year, _, teacher = world.people[builder]
    who = f"the builder of the {thing} of {town}"
    question, answer = rng.choice(
        (
            (f"In which town was {who} born?", home),
            (f"In which year was {who} born?", str(year)),
            (f"Who was the teacher of {who}?", teacher),
        )
    )
    return question, answer, [town, builder]


def _home(rng: Random, world: _World) -> Made:
    name = rng.choice(list(world.people))
    home = world.people[name][0]
    people, thing, year, _ = world.towns[home]
    question, answer = rng.choice(
        (
            (f"How many people live in the town where {name} was born?", str(people)),
            (f"In which year was the {thing} of the birthplace of {name} opened?", str(year)),
        )
    )
    return question, answer, [name, home]


def _far(rng: Random, world: _World) -> Made:
    town = rng.choice(list(world.towns))
    _, thing, _, builder = world.towns[town]
    teacher, home = world.people[builder][3], world.people[builder][0]
    question, answer, last = rng.choice(
        (
            (
                f"In which year was the teacher of the builder of the {thing} of {town} born?",
                str(world.people[teacher][1]),
                teacher,
            ),
            (f"How many people live in the birthplace of the builder of the {thing} of {town}?", str(world.towns[home][0]), home),
        )
    )
    return question, answer, [town, builder, last]


KINDS: dict[str, tuple[int, Callable[[Random, _World], Made]]] = {
    "born": (1, _born),
    "town": (1, _town),
    "builder": (2, _builder),
    "home": (2, _home),
    "far": (3, _far),
}


def draw(rng: Random) -> Task:
    """One task, in a world of its own."""
    world = _world(rng)
    name = rng.choice(list(KINDS))
    level, ask = KINDS[name]
    question, answer, way = ask(rng, world)

    def expert(voice: Random) -> Expert:
        yield turn(f"{voice.choice(_OPEN)} The question names {way[0]}; I look there.", ("search", {"query": way[0]}))
        for at, title in enumerate(way):
            said = "The title fits, I read it." if at == 0 else f"That leads to {title}, which I read."
            yield turn(f"{voice.choice(_OPEN)} {said}", ("read", {"title": title}))
        yield turn(f"{voice.choice(_SEEN)} {answer}.", answer=voice.choice(_ENDS).format(f"\\boxed{{{answer}}}"))

    return Task(f"{name} {question}", question + ENDING, {"documents": world.documents(rng), "answer": answer}, level, expert)


_OPEN = ("Let me see.", "Good.", "One after another.", "Next:", "I need facts.", "Now then.")
_SEEN = ("The document says it:", "There it stands:", "So what was asked is", "That is the last step:")
_ENDS = ("The answer is {}.", "{}", "It is {}.", "According to the documents it is {}.")
