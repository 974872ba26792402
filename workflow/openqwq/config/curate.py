"""Sources of rows and the steps that curate them."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from openqwq.config.base import Positive, Share, Slug, Strict

Role = Literal["problems", "traces", "preferences"]
Domain = Literal["math", "code", "instruction", "tool", "agent", "chat"]
Language = Annotated[str, StringConstraints(pattern="^[a-z]{2}$")]  # ISO 639-1
Unverifiable = Literal["proof", "multi_part", "multiple_choice", "figure", "gold", "no_verifier"]
Verifier = Literal[
    "math",
    "code",
    "instructions",
    "tool_call",
    "choice",
    "environment",
]
Transform = Literal[
    "one_answer",
    "code_tests",
    "ifeval_constraint",
    "bracketed_calls",
    "tools_in_text",
    "before_reply",
    "preferred",
    "dispreferred",
    "preference_strength",
    "domain_name",
    "toolrl_tools",
    "toolrl_messages",
    "toolrl_completion",
    "toolrl_calls",
]


class Take(Strict):
    """How one target value is read from a raw row.

    Exactly one of `column` (dotted path), `columns` (several, handed to the transform as a list), `template` (`{column}`
    placeholders) and `const`; `regex` then keeps the first group of its last match (a row without a match is set aside),
    `parse_json` parses the text, and `transform` turns a shape of its own into ours.
    """

    column: str | None = None
    columns: Annotated[list[str], Field(min_length=1)] | None = None
    template: str | None = None
    const: Any = None
    regex: str | None = None
    parse_json: bool = False
    transform: Transform | None = None  # by name; one file each in data/sources/transforms

    @model_validator(mode="after")
    def _one_origin(self) -> "Take":
        # A resolved configuration, as stages get it, names every key: what is null was not given.
        given = [value is not None for value in (self.column, self.columns, self.template, self.const)]
        if sum(given) != 1:
            raise ValueError("give exactly one of column, columns, template and const")
        if self.columns is not None and (self.transform is None or self.regex is not None or self.parse_json):
            raise ValueError("columns are read together by a transform: give one, and neither regex nor parse_json")
        return self


FieldSpec = str | Take  # a bare string is a column


class _Source(Strict):
    """What all sources have."""

    name: Slug
    role: Role
    licence: str = "unknown"
    limit: Positive | None = None  # rows taken, in order
    held_out: bool = False  # its problems are for evaluation alone: the first that `held_out` takes, and none is trained on
    max_malformed: Share | None = None  # instead of curate.max_malformed, for a set of which more is known to be unusable


class ReasoningGymSource(_Source):
    """Procedural math problems of the reasoning-gym package; as traces, each with worked steps."""

    type: Literal["reasoning_gym"]
    task: str  # chain_sum, products, …
    size: Positive
    params: dict[str, Any] = {}
    licence: str = "Apache-2.0"


class BuiltinSource(_Source):
    """Rows that open-qwq generates: small Python functions, instruction constraints, tool calls, tasks for agents, preference
    pairs.

    `params`: code_functions `families` (numbers, strings, lists), instructions `max_constraints` (1 or 2), tool_calls
    `max_tools`, agents `environments` (files, orders, python, search), `split` (train, eval) and `max_level` (1 to 4),
    preferences `domains` (math, code, instruction, tool, chat).
    """

    type: Literal["builtin"]
    generator: Literal["agents", "code_functions", "instructions", "tool_calls", "preferences"]
    size: Positive
    params: dict[str, Any] = {}
    licence: str = "Apache-2.0"


class _Mapped(_Source):
    """Rows of others, mapped by `fields`. Targets: `prompt` or `messages`, `system`, `tools`, `answer` (short for
    `reference.answer`), `asserts` (assert statements, made a check program), `reference`, `reference.<key>`, `completion`,
    `chosen`, `rejected`, `domain` (of one row, where a set mixes them), `id`, `metadata.<key>` (`metadata.solution` is what
    the gold check of code runs)."""

    domain: Domain
    verifier: Verifier | None = None
    fields: dict[str, FieldSpec]
    prompt_suffix: str = ""  # appended to the prompt, such as how to mark the answer


class FileSource(_Mapped):
    """Local jsonl, json, csv or parquet files, plain or gzipped; a glob is allowed."""

    type: Literal["file"]
    path: str
    format: Literal["auto", "jsonl", "json", "csv", "parquet"] = "auto"


class HubSource(_Mapped):
    """A data set of the Hugging Face hub at one commit."""

    type: Literal["hub"]
    id: Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")]
    revision: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
    subset: str | None = None
    split: str = "train"


Source = Annotated[ReasoningGymSource | BuiltinSource | FileSource | HubSource, Field(discriminator="type")]


class HeldOut(Strict):
    """How many problems of each domain are kept from training as benchmarks of their own, and how many traces and
    preference pairs for measuring the loss and the accuracy of what is trained on them."""

    math: int = Field(default=0, ge=0)
    code: int = Field(default=0, ge=0)
    instruction: int = Field(default=0, ge=0)
    tool: int = Field(default=0, ge=0)
    agent: int = Field(default=0, ge=0)
    traces: int = Field(default=0, ge=0)
    preferences: int = Field(default=0, ge=0)


class TraceFilters(Strict):
    """Which traces the cold start may learn from (Qwen3 report, section 4.1). Each that is kept is verified again; those that
    have no verifier go before (`keep`).

    A trace goes that repeats itself, guesses, changes its language, thinks one thing and answers another, or is wrong.
    """

    max_cycles: Positive = 4  # times in a row that the same words may come
    max_repeated: Share = 0.3  # share of runs of 20 words that may have stood before
    guessing: bool = True  # traces that say that they guess, or hardly think, go
    min_thinking_words: int = Field(default=3, ge=0)
    languages: Annotated[list[Language], Field(min_length=1)] = ["en"]
    max_foreign: Share = 0.005  # share of letters in a script that neither prompt nor languages use


class NearDuplicates(Strict):
    """How alike two prompts must be, as Jaccard similarity of their pairs of words, to be one problem in other words. Both
    always have the same numbers and signs."""

    same_gold: Share = 0.6  # where the references are equal too, or neither row has one
    other_gold: Share = 0.85  # where they differ: `1/2` and `0.5` are one gold, and two problems may share most of their words


class Mix(Strict):
    """What one source contributes to the training rows of its role."""

    cap: Positive | None = None  # rows at most
    # Share beside the other weighted sources of the role; no row is repeated.
    weight: Annotated[float, Field(ge=1e-6, le=1e6)] | None = None


# Each row by itself; then all rows of a role together.
ROW_STEPS = ("schema", "licence", "language", "length", "verifiability", "decontaminate", "trace_filters", "gold")
TABLE_STEPS = ("deduplicate", "near_duplicates", "split", "held_out", "difficulty", "mix")


class CurateConfig(Strict):
    """Everything that decides the curated tables."""

    sources: Annotated[list[Source], Field(min_length=1)]
    held_out: HeldOut = HeldOut()
    max_malformed: Share = 0.01  # share of a source's rows that may be malformed before the stage fails
    max_prompt_chars: Positive = 8000
    ngram: Positive = 13  # words; shorter problems are compared whole
    check_gold: bool = True  # the gold verifies and a mutated gold does not, or the row is dropped
    allow_licences: list[str] | None = None  # as the sources write them; without it, all
    languages: Annotated[list[Language], Field(min_length=1)] | None = None  # of prompts, such as [en]; without it, all
    keep: list[Unverifiable] = []  # what is otherwise dropped as not verifiable: kinds of math problems; traces with no_verifier
    trace_filters: TraceFilters | None = None  # without it, traces are only verified
    steps: list[str] = [*ROW_STEPS, *TABLE_STEPS]  # in order; those that judge a row by itself come first, `schema` before all
    near_duplicates: NearDuplicates = NearDuplicates()
    pass_rate: tuple[Share, Share] | None = None  # step difficulty: problems whose metadata.pass_rate lies outside are dropped
    mix: dict[Slug, Mix] = {}  # by source

    @model_validator(mode="after")
    def _ordered_steps(self) -> "CurateConfig":
        known = (*ROW_STEPS, *TABLE_STEPS)
        for name in self.steps:
            if name not in known:
                raise ValueError(f"steps: unknown step {name!r}; known are {', '.join(known)}")
            if self.steps.count(name) > 1:
                raise ValueError(f"steps: {name!r} is listed twice")
        if self.steps[:1] != ["schema"]:
            raise ValueError("steps: 'schema' comes first, because the other steps rely on what it checks")
        table = [name for name in self.steps if name in TABLE_STEPS]
        if self.steps[len(self.steps) - len(table) :] != table:
            row = next(n for n in reversed(self.steps) if n in ROW_STEPS)
            raise ValueError(f"steps: {row!r} judges a row by itself and comes before {table[0]!r}, which needs all rows")
        if table != [name for name in TABLE_STEPS if name in table]:
            raise ValueError(f"steps: those that need all rows come in the order {', '.join(TABLE_STEPS)}")
        held = [name for name, count in self.held_out.model_dump().items() if count]
        needs = [
            ("split", held and f"held_out.{held[0]}"),
            ("difficulty", self.pass_rate and "pass_rate"),
            ("mix", self.mix and "mix"),
            ("licence", self.allow_licences is not None and "allow_licences"),
            ("language", self.languages and "languages"),
            ("verifiability", self.keep and "keep"),
            ("trace_filters", self.trace_filters is not None and "trace_filters"),
        ]
        for step, key in needs:
            if key and step not in self.steps:
                raise ValueError(f"{key} is set, but the step {step!r} is not among steps")
        if "split" in self.steps and "held_out" not in self.steps:
            raise ValueError("steps: 'split' needs 'held_out', which keeps training apart from what is split off")
        for source in self.sources:
            if source.held_out and (source.role != "problems" or "split" not in self.steps):
                raise ValueError(f"source {source.name}: only problems are held out, by the step 'split'; leave held_out away")
        names = {source.name for source in self.sources}
        for name in self.mix:
            if name not in names:
                raise ValueError(f"mix: no source is named {name!r}")
        if self.pass_rate and self.pass_rate[0] > self.pass_rate[1]:
            raise ValueError("pass_rate: the lower bound comes first")
        return self

    @model_validator(mode="after")
    def _unique_names(self) -> "CurateConfig":
        names = [source.name for source in self.sources]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"two sources are named {twice[0]!r}; names must differ")
        return self
