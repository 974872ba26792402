"""Figures that others have published (published.yaml), checked: each cell has a source, or is empty."""

from functools import cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, StringConstraints, model_validator

from openqwq.config.base import Slug, Strict
from openqwq.config.evaluate import Revision

FILE = Path(__file__).with_name("published.yaml")
Percent = Annotated[float, Field(ge=0, le=100)]


class Source(Strict):
    """Where a figure stands."""

    title: str
    url: Annotated[str, StringConstraints(pattern=r"^https://")] | None


class Cell(Strict):
    """One figure in percent, or the ends of several measurements."""

    value: Percent | None = None
    low: Percent | None = None
    high: Percent | None = None
    source: Slug

    @model_validator(mode="after")
    def _one_kind(self) -> "Cell":
        if self.value is None and (self.low is None or self.high is None or self.low > self.high):
            raise ValueError("give a value, or low and high")
        if self.value is not None and (self.low is not None or self.high is not None):
            raise ValueError("give a value or low and high, not both")
        return self

    def text(self) -> str:
        """`79.5` or `76.6–79.5`."""
        return f"{self.value:.1f}" if self.value is not None else f"{self.low:.1f}–{self.high:.1f}"


class Measured(Strict):
    """What a figure measures: `metric` is that of our score beside which it is shown."""

    title: str
    metric: str


class Hub(Strict):
    """Where the model's weights stand."""

    id: str
    revision: Revision


class Model(Strict):
    """A model with a cell for every benchmark, null where no figure is known."""

    name: str
    hub: Hub | None = None
    figures: dict[Slug, Cell | None]


class Published(Strict):
    """The whole file."""

    sources: dict[Slug, Source]
    benchmarks: dict[Slug, Measured]
    models: list[Model]

    @model_validator(mode="after")
    def _complete(self) -> "Published":
        for model in self.models:
            if set(model.figures) != set(self.benchmarks):
                odd = sorted(set(model.figures) ^ set(self.benchmarks))
                raise ValueError(f"{model.name}: a cell for each benchmark, null where none is known; see {', '.join(odd)}")
            for name, cell in model.figures.items():
                if cell is not None and cell.source not in self.sources:
                    raise ValueError(f"{model.name}, {name}: the source {cell.source!r} is not listed")
        return self

    def revision(self, hub_id: str) -> str | None:
        """The commit of a model's weights, where the file names one."""
        return next((model.hub.revision for model in self.models if model.hub and model.hub.id == hub_id), None)


@cache
def published(file: Path = FILE) -> Published:
    """The figures. Raises `pydantic.ValidationError` for a file that is not in this form."""
    return Published.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
