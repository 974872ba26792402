"""The Arrow schema of every table that passes between stages. Checked on write and on read."""

import pyarrow as pa

MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))

# One row shape for all problems, whatever the domain.
PROBLEM = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),  # stable: hash of source, prompt and reference
        pa.field("source", pa.string(), nullable=False),  # name of the source in the config
        pa.field("domain", pa.string(), nullable=False),  # math, code, instruction, tool, agent, chat
        pa.field("messages", MESSAGES, nullable=False),  # the prompt
        pa.field("tools", pa.string()),  # JSON list of tool schemas offered, or null
        pa.field("verifier", pa.string()),  # registry name; null: judged by a reward model only
        pa.field("reference", pa.string()),  # JSON: what the verifier needs
        pa.field("metadata", pa.string()),  # JSON: level, licence, solution ...; never needed to verify
    ]
)

# A problem with a worked completion (`<think>…</think>` and the answer). A trace of several turns holds what comes between the
# prompt and the last turn, which is the completion.
TRACE = PROBLEM.append(pa.field("turns", MESSAGES)).append(pa.field("completion", pa.string(), nullable=False))

# Two completions of one prompt, the first preferred; both are lists of assistant messages.
PREFERENCE = PROBLEM.append(pa.field("chosen", MESSAGES, nullable=False)).append(pa.field("rejected", MESSAGES, nullable=False))

# A preference pair with a reward model's own scores, on no particular scale.
SCORED_PAIR = PREFERENCE.append(pa.field("chosen_score", pa.float64(), nullable=False)).append(
    pa.field("rejected_score", pa.float64(), nullable=False)
)

REJECTED = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("role", pa.string(), nullable=False),  # problems, traces, preferences
        pa.field("step", pa.string(), nullable=False),  # the curation step that dropped the row
        pa.field("reason", pa.string(), nullable=False),
        pa.field("id", pa.string()),  # null where the row was too broken to have one
        pa.field("row", pa.string(), nullable=False),  # the row as JSON, or the raw text; cut at 20,000 characters
    ]
)

CONTAMINATION = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("benchmark", pa.string(), nullable=False),
        pa.field("benchmark_id", pa.string(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),  # exact, short, same_call, reordered, ngram, similar
        pa.field("text", pa.string(), nullable=False),  # the matching text
    ]
)

# What a shard of curation adds to each row, so that all rows of a role can be compared without reading them again.
SHARD = pa.schema(
    [
        pa.field(
            "ord", pa.int64(), nullable=False
        ),  # position of the source × 2⁴⁰ + number within the source: the one order of all rows
        pa.field("key", pa.binary(16), nullable=False),  # hash of the normalised prompt, tools and answers
        pa.field("rank", pa.binary(16), nullable=False),  # hash of prompt and tools, by which rows are held out and mixed
        pa.field(
            "quality", pa.int64(), nullable=False
        ),  # of the reference: there is one, there is a solution, length of the tests
        pa.field("gold", pa.uint64(), nullable=False),  # hash of the reference
        pa.field("pass_rate", pa.float64()),  # metadata.pass_rate
        pa.field("bands", pa.list_(pa.uint64()), nullable=False),  # MinHash bands; rows that share one may be near-duplicates
        pa.field("shingles", pa.list_(pa.uint32()), nullable=False),  # hashes of the prompt's pairs of words, sorted
    ]
)

FUNNEL = pa.schema(
    [
        pa.field("role", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("step", pa.string(), nullable=False),
        pa.field("rows_in", pa.int64(), nullable=False),
        pa.field("rows_out", pa.int64(), nullable=False),
        pa.field("seconds", pa.float64(), nullable=False),
    ]
)

# What a model wrote, judged: profiles, rollouts and evaluation samples.
COMPLETION = pa.schema(
    [
        pa.field("problem_id", pa.string(), nullable=False),
        pa.field("domain", pa.string(), nullable=False),
        pa.field("sample", pa.int32(), nullable=False),  # 0 … k-1 within the problem
        pa.field("prompt", pa.string(), nullable=False),  # as the model saw it
        pa.field("text", pa.string(), nullable=False),  # of an episode: all behind the prompt, what tools answered included
        pa.field("tokens", pa.int32(), nullable=False),  # that the model wrote, end tokens included
        pa.field("finish_reason", pa.string(), nullable=False),  # stop, length; of an episode also turns, context
        pa.field("verifier", pa.string()),
        pa.field("reference", pa.string()),
        pa.field("verdict", pa.string()),  # correct, incorrect, unscorable; null without a verifier
        pa.field("score", pa.float64()),  # in [0, 1]; null when unscorable
        pa.field("reason", pa.string()),
        pa.field("rewards", pa.map_(pa.string(), pa.float64())),  # by name; empty when masked or not in RL
        pa.field("seconds", pa.float64()),  # spent in the verifier; of an episode: in tools and judging
        pa.field("turns", pa.int32()),  # of the model, in an episode; null for a single completion
        pa.field("calls", pa.int32()),  # of tools, in an episode
        pa.field("failed_calls", pa.int32()),  # those answered with an error, malformed ones included
    ]
)
CUT = ("length", "context")  # finish reasons of what a limit of tokens cut
ADDED = ("turns", "calls", "failed_calls")  # columns that tables of earlier versions lack: read as null

# A completion of the evaluation, with what scores are made of.
SAMPLE = (
    COMPLETION.append(pa.field("vote", pa.int32()))  # class of equal answers in the problem, 0: equal to the gold; null: no vote
    .append(pa.field("mixed", pa.bool_(), nullable=False))  # letters of a script that the prompt does not use
    .append(pa.field("touched", pa.bool_()))  # a source of this run held the problem, or part of it; null: not known
)

ROLLOUT = (
    COMPLETION.append(pa.field("step", pa.int32(), nullable=False))
    .append(pa.field("reward", pa.float64()))
    .append(pa.field("reward_model", pa.float64()))  # its score in [0, 1], before a gate; null where it was not asked
)

# What the reward model was trained on and measured on.
PAIR = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),  # of the preference, or of the problem
        pa.field("source", pa.string(), nullable=False),  # name in the config; verdicts/<domain> for pairs from verdicts
        pa.field("domain", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),  # train, held_out, left_out
        pa.field("reason", pa.string()),  # why it was left out
        pa.field("chosen_sample", pa.int32()),  # of the profile's samples, for pairs from verdicts
        pa.field("rejected_sample", pa.int32()),
        pa.field("margin", pa.float64(), nullable=False),  # 0 where the pair has none
        pa.field("chosen_tokens", pa.int32(), nullable=False),  # length of the completion, end token included
        pa.field("rejected_tokens", pa.int32(), nullable=False),
        pa.field("chosen_score", pa.float64()),  # the published model's own; null for pairs that are not held out
        pa.field("rejected_score", pa.float64()),
    ]
)

PROFILE = pa.schema(
    [
        pa.field("problem_id", pa.string(), nullable=False),
        pa.field("domain", pa.string(), nullable=False),
        pa.field("samples", pa.int32(), nullable=False),
        pa.field("correct", pa.int32(), nullable=False),
        pa.field("unscorable", pa.int32(), nullable=False),
        pa.field("pass_rate", pa.float64()),  # correct / scorable; null when nothing could be scored
        pa.field("mean_tokens", pa.float64(), nullable=False),
    ]
)

# One value of one curve. Long form: stages log different names.
METRIC = pa.schema(
    [
        pa.field("step", pa.int32(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("seconds", pa.float64(), nullable=False),  # since the stage's first attempt began training
    ]
)

SCORE = pa.schema(
    [
        pa.field("stage", pa.string(), nullable=False),  # base, coldstart, reason, general
        pa.field("benchmark", pa.string(), nullable=False),
        pa.field("domain", pa.string(), nullable=False),
        pa.field("metric", pa.string(), nullable=False),  # avg@k, pass@k, maj@k, best@k, score@k; of episodes success/<part>
        pa.field("subset", pa.string(), nullable=False),  # all; clean: the problems that no source of the run touched
        pa.field("k", pa.int32(), nullable=False),
        pa.field("n", pa.int32(), nullable=False),  # problems
        pa.field("value", pa.float64()),
        pa.field("low", pa.float64()),  # 95 % interval
        pa.field("high", pa.float64()),
        pa.field("truncated", pa.float64(), nullable=False),  # share of samples cut at the token limit
        pa.field("unscorable", pa.float64(), nullable=False),  # share of samples that could not be judged
        pa.field("mixed", pa.float64(), nullable=False),  # share of samples that mix languages
        pa.field("mean_tokens", pa.float64(), nullable=False),
        pa.field("tokens", pa.int64(), nullable=False),  # of all samples of the subset
        pa.field("seconds", pa.float64(), nullable=False),  # that drawing the whole benchmark took, or its share; all shards
    ]
)

# What `openqwq verify` reads and writes.
VERIFY_IN = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("verifier", pa.string(), nullable=False),
        pa.field("reference", pa.string(), nullable=False),
        pa.field("completion", pa.string(), nullable=False),
    ]
)
VERDICT = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("verdict", pa.string(), nullable=False),
        pa.field("score", pa.float64()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("seconds", pa.float64(), nullable=False),
    ]
)
