"""Parts of a stage that are jobs of their own: their names, and whether those given are the whole set and made from the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openqwq.artifacts.lineage import differences
from openqwq.artifacts.manifest import read_manifest
from openqwq.errors import UserError


@dataclass(frozen=True)
class Shard:
    """Number `index` of `count`, from 0."""

    index: int = 0
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """From `i/N`, 0 ≤ i < N."""
        index, _, count = text.partition("/")
        if not (index.isdecimal() and count.isdecimal() and int(index) < int(count)):
            raise UserError(f"--shard {text!r} is not i/N with 0 ≤ i < N, such as 0/4.")
        return cls(int(index), int(count))

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.index}-of-{self.count}"

    def record(self, config: dict[str, Any]) -> dict[str, Any]:
        """The configuration that a shard's manifest keeps."""
        return {"whole": config, "shard": self.name}


def whole_set(folders: Sequence[Path], made_from: dict[str, Any], inputs: dict[str, str]) -> list[Path]:
    """The folders in the order of their numbers.

    `made_from` has `config`, `seed` and `recipe_version` of the stage, `inputs` its hashes. Raises `UserError` where a shard was
    made from something else or altered since, and where they are not each of one set once.
    """
    facts = {folder: read_manifest(folder) for folder in folders}
    for folder, fact in facts.items():
        made = {key: fact.get(key) for key in ("recipe_version", "seed")} | {"config": fact.get("config", {}).get("whole")}
        if made != made_from or {key: entry["content"] for key, entry in fact.get("inputs", {}).items()} != inputs:
            raise UserError(f"{folder}: this shard was made from another configuration, seed or source data. Make it again.")
        if altered := differences(folder):
            raise UserError(f"{folder}: this shard is not what was made ({'; '.join(altered)}). Make it again.")
    by_name = {str(fact["config"]["shard"]): folder for folder, fact in facts.items()}
    names = [Shard(index, len(folders)).name for index in range(len(folders))]
    if sorted(by_name) != sorted(names):
        given = ", ".join(sorted(str(fact["config"]["shard"]) for fact in facts.values()))
        raise UserError(f"--gather: the shards given are {given}; give each of one set once, 0-of-N to (N-1)-of-N.")
    return [by_name[name] for name in names]
