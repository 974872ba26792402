"""Tasks of the environment `files`: notes, orders and settings in folders, to be put in order."""

from collections.abc import Callable
from random import Random
from typing import Any

from openqwq.agents.tasks.task import Expert, Task, turn, worded

Tree = dict[str, str]
Steps = list[tuple[str, str, dict[str, Any]]]  # thinking in some wordings, tool, arguments
_FOLDERS = ("notes", "letters", "reports", "drafts", "plans", "lists", "recipes", "minutes")
_NAMES = ("apple", "birch", "cedar", "delta", "ember", "fjord", "grove", "hazel", "inlet", "juniper", "kelp", "larch", "maple")
_WORDS = ("lantern", "harbour", "violin", "glacier", "saddle", "compass", "orchard", "thimble", "beacon", "quarry", "feather")
_LINES = (
    "The meeting was moved to {d}.",
    "We need {n} more chairs.",
    "Ask about the {w} again.",
    "Paid {n} crowns for the {w}.",
    "The {w} is ready on {d}.",
    "Nothing new about room {n}.",
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
_DONE = ("Done.", "That is done.", "It is done as you asked.", "All done.", "Finished.")


def _line(rng: Random) -> str:
    return rng.choice(_LINES).format(d=rng.choice(_DAYS), n=rng.randint(2, 99), w=rng.choice(_WORDS[:6]))


def _tree(rng: Random, folders: list[str], each: int) -> Tree:
    """`each` notes in every folder."""
    return {
        f"/{folder}/{name}{rng.randint(10, 99)}.txt": "\n".join(_line(rng) for _ in range(rng.randint(1, 3))) + "\n"
        for folder in folders
        for name in rng.sample(_NAMES, each)
    }


Made = tuple[str, Tree, Tree, list[str], Steps]  # prompt, before, after, folders, steps


def _write(rng: Random) -> Made:
    tree = _tree(rng, rng.sample(_FOLDERS, 2), 2)
    folder, name, text = rng.choice(sorted(tree)).split("/")[1], f"{rng.choice(_NAMES)}{rng.randint(100, 999)}.txt", _line(rng)
    path = f"/{folder}/{name}"
    ask = rng.choice(("Write a file {} with this one line: {}", "Make the file {}. Its whole text is: {}")).format(path, text)
    steps: Steps = [
        (
            "The folder exists, so one write does it.|A single write makes the file.|I write it with its one line.",
            "write",
            {"path": path, "text": text + "\n"},
        )
    ]
    return ask, tree, tree | {path: text + "\n"}, [], steps


def _remove(rng: Random) -> Made:
    tree = _tree(rng, rng.sample(_FOLDERS, 2), 3)
    path = rng.choice(sorted(tree))
    ask = rng.choice(("Remove the file {}.", "Please delete {}.", "The file {} is not needed any more: delete it.")).format(path)
    after = {file: text for file, text in tree.items() if file != path}
    return (
        ask,
        tree,
        after,
        [],
        [("I know its path, so I remove it.|One rm is enough.|That is a file I can remove at once.", "rm", {"path": path})],
    )


def _rename(rng: Random) -> Made:
    tree = _tree(rng, rng.sample(_FOLDERS, 2), 2)
    path = rng.choice(sorted(tree))
    new = f"{path.rpartition('/')[0]}/{rng.choice(_NAMES)}{rng.randint(100, 999)}.txt"
    ask = rng.choice(("Rename {} to {}.", "The file {} should be called {}.")).format(path, new)
    after = {new if file == path else file: text for file, text in tree.items()}
    return (
        ask,
        tree,
        after,
        [],
        [
            (
                "Renaming is a move.|I move it to its new name.|Same folder, other name: mv does that.",
                "mv",
                {"source": path, "target": new},
            )
        ],
    )


def _folder(rng: Random) -> Made:
    tree = _tree(rng, rng.sample(_FOLDERS, 2), 2)
    path = rng.choice(sorted(tree))
    new = f"/{rng.choice(_WORDS)}{rng.randint(100, 999)}"
    ask = rng.choice(("Make a folder {1} and move {0} into it.", "Put {0} into a new folder {1}.")).format(path, new)
    after = {f"{new}/{file.rpartition('/')[2]}" if file == path else file: text for file, text in tree.items()}
    steps: Steps = [
        ("The folder has to be there first.|I make the folder before I move anything.", "mkdir", {"path": new}),
        ("Now the file can go in.|The folder is made; the file follows.", "mv", {"source": path, "target": new}),
    ]
    return ask, tree, after, [new], steps


def _find(rng: Random) -> Made:
    folder = rng.choice(_FOLDERS)
    tree = _tree(rng, [folder], 4)
    path, word, number = rng.choice(sorted(tree)), rng.choice(_WORDS[6:]), rng.randint(100, 999)
    tree[path] += f"Look for {word} {number}.\n"
    text = _line(rng)
    asks = (
        "One of the files in /{} mentions {} {}. Add this line at its end: {}",
        "In /{} there is a file that mentions {} {}. At its end add the line: {}",
    )
    steps: Steps = [
        (
            "I look for the words first.|Which file is it? A search tells.|I search the folder for them.",
            "grep",
            {"text": f"{word} {number}", "path": f"/{folder}"},
        ),
        (
            f"It is {path}. I append the line.|Found: {path}. The line goes at its end.",
            "append",
            {"path": path, "text": text + "\n"},
        ),
    ]
    ask = rng.choice(asks).format(folder, word, number, text)
    return ask, tree, tree | {path: tree[path] + text + "\n"}, [], steps


def _setting(rng: Random) -> Made:
    name, key = rng.choice(_NAMES), rng.choice(("port", "retries", "width", "limit", "timeout"))
    old, new = rng.sample(range(10, 9999), 2)
    lines = [f"{other} = {rng.randint(1, 99)}" for other in rng.sample(("depth", "colour", "level", "speed", "margin"), 3)]
    at = rng.randint(0, 3)
    before = "\n".join([*lines[:at], f"{key} = {old}", *lines[at:]]) + "\n"
    path = f"/settings/{name}.conf"
    tree = _tree(rng, [rng.choice(_FOLDERS)], 2) | {path: before}
    after = before.replace(f"{key} = {old}", f"{key} = {new}")
    asks = ("In {} set {} to {}. Leave the other lines as they are.", "Change {}: {} must be {}, all else stays.")
    steps: Steps = [
        ("I have to see the file, for the other lines must stay.|First I read what the file says now.", "cat", {"path": path}),
        (f"Only the line with {key} changes.|I write it back with the new {key}.", "write", {"path": path, "text": after}),
    ]
    return rng.choice(asks).format(path, key, new), tree, tree | {path: after}, [], steps


def _total(rng: Random) -> Made:
    folder, target = rng.choice(("orders", "bills", "trips")), f"/{rng.choice(_WORDS)}{rng.randint(100, 999)}.txt"
    sums = {f"/{folder}/{name}.txt": rng.randint(10, 900) for name in rng.sample(_NAMES, 3)}
    tree = {path: f"{_line(rng)}\ntotal: {value}\n" for path, value in sums.items()}
    total = sum(sums.values())
    asks = (
        "Each file in /{0} has a line that begins with total. Add these numbers up and write the sum, nothing else, to {1}.",
        "Write the sum of all totals of the files in /{0} to {1}: the number alone.",
    )
    adding = " + ".join(str(value) for _, value in sorted(sums.items()))
    steps: Steps = [
        (
            "One search shows all the lines.|I need every total; grep lists them.",
            "grep",
            {"text": "total:", "path": f"/{folder}"},
        ),
        (f"{adding} = {total}.|The sum: {adding} = {total}.", "write", {"path": target, "text": f"{total}\n"}),
    ]
    return rng.choice(asks).format(folder, target), tree, tree | {target: f"{total}\n"}, [], steps


def _sort(rng: Random) -> Made:
    folder, new = rng.choice(_FOLDERS), f"/archive{rng.randint(100, 999)}"
    names = rng.sample(_NAMES, 5)
    tree = {f"/{folder}/{name}.{'log' if at < 2 else 'txt'}": _line(rng) + "\n" for at, name in enumerate(names)}
    moved = [path for path in sorted(tree) if path.endswith(".log")]
    after = {f"{new}/{path.rpartition('/')[2]}" if path in moved else path: text for path, text in tree.items()}
    asks = ("Move all .log files of /{0} into a new folder {1}.", "Make a folder {1} and put every .log file of /{0} there.")
    steps: Steps = [
        ("First I see what is there.|Which files are there?", "ls", {"path": f"/{folder}"}),
        ("The folder.|I make the new folder.", "mkdir", {"path": new}),
    ]
    steps += [
        ("Next one.|And the other." if at else "Now the files.|The first of them.", "mv", {"source": path, "target": new})
        for at, path in enumerate(moved)
    ]
    return rng.choice(asks).format(folder, new), tree, after, [new], steps


KINDS: dict[str, tuple[int, Callable[[Random], Made]]] = {
    "write": (1, _write),
    "remove": (1, _remove),
    "rename": (1, _rename),
    "folder": (2, _folder),
    "find": (2, _find),
    "setting": (2, _setting),
    "total": (3, _total),
    "sort": (3, _sort),
}


def draw(rng: Random) -> Task:
    """One task."""
    name = rng.choice(list(KINDS))
    level, make = KINDS[name]
    prompt, before, after, folders, steps = make(rng)

    def expert(voice: Random) -> Expert:
        for thinking, tool, arguments in steps:
            yield turn(f"{voice.choice(_OPEN)} {worded(thinking, voice)}", (tool, arguments))
        yield turn(
            voice.choice(("Every step went through.", "The tools report no error.", "Nothing is left to do.")),
            answer=voice.choice(_DONE),
        )

    return Task(
        f"{name} {sorted(map(str, steps))}", prompt, {"files": before, "expected": after, "folders": folders}, level, expert
    )


_OPEN = ("Let me see.", "Good.", "Now then.", "Next:", "I go on.", "Step by step.")
