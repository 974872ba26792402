"use strict";
(() => {
  // The sample browser. What models wrote comes as inert JSON and goes into the page through textContent alone: it is never
  // parsed as HTML, never becomes an attribute, an address or a class.
  const form = document.getElementById("filters");
  if (!form) return;
  const data = JSON.parse(document.getElementById("samples").textContent);
  const labels = new Map(data.stages);
  const list = document.getElementById("problems"), found = document.getElementById("found"), more = document.getElementById("more");
  const AT_ONCE = 10, CELLS = 4e6;
  const MARKS = { correct: "✓", incorrect: "✗", unscorable: "?" };

  const make = (tag, cls, ...inside) => {
    const element = document.createElement(tag);
    if (cls) element.className = cls;
    element.append(...inside); // strings become text nodes
    return element;
  };
  const many = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;
  const kind = (answer) => answer.reason.split(": ")[0].slice(0, 60);
  const offer = (name, values, label = (value) => value) => {
    for (const value of values) {
      const option = make("option", "", label(value));
      option.value = value;
      form.elements[name].append(option);
    }
  };
  const answers = data.problems.flatMap((problem) => problem.answers);
  offer("benchmark", new Set(data.problems.map((problem) => problem.benchmark)));
  for (const name of ["stage", "left", "right"]) offer(name, labels.keys(), (stage) => labels.get(stage));
  offer("verdict", [...new Set(answers.map((answer) => answer.verdict))].sort());
  offer("reason", [...new Set(answers.map(kind))].filter(Boolean).sort());

  // Words that only one of two texts has, by longest common subsequence; by lines where the texts are long.
  const difference = (left, right) => {
    let a = left.match(/\s+|\S+/g) || [], b = right.match(/\s+|\S+/g) || [];
    if (a.length * b.length > CELLS) { a = left.match(/[^\n]*\n|[^\n]+/g) || []; b = right.match(/[^\n]*\n|[^\n]+/g) || []; }
    if (a.length * b.length > CELLS) return [[[left, false]], [[right, false]]];
    const width = b.length + 1, length = new Uint32Array((a.length + 1) * width);
    for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--) {
      length[i * width + j] = a[i] === b[j] ? length[(i + 1) * width + j + 1] + 1
        : Math.max(length[(i + 1) * width + j], length[i * width + j + 1]);
    }
    const parts = [[], []];
    let i = 0, j = 0;
    while (i < a.length || j < b.length) {
      if (i < a.length && j < b.length && a[i] === b[j]) { parts[0].push([a[i++], false]); parts[1].push([b[j++], false]); }
      else if (j >= b.length || (i < a.length && length[(i + 1) * width + j] >= length[i * width + j + 1])) parts[0].push([a[i++], true]);
      else parts[1].push([b[j++], true]);
    }
    return parts;
  };

  const text = (value, cls = "") => make("pre", `text ${cls}`, ...(typeof value === "string" ? [value]
    : value.map(([word, alone]) => (alone && word.trim() ? make("mark", "", word) : word))));
  const turns = (said) => said.map(([role, body]) => make("div", "turn", make("span", "role", role), text(body, role === "system" ? "dim" : "")));
  const folded = (cls, title, ...inside) => make("details", cls, make("summary", "", title), ...inside);

  const judged = (answer) => {
    const known = Object.hasOwn(MARKS, answer.verdict);
    const line = make("p", "judged", make("span", known ? `verdict ${answer.verdict}` : "verdict", `${known ? MARKS[answer.verdict] : "?"} ${answer.verdict}`));
    if (answer.score > 0 && answer.score < 1) line.append(" ", make("span", "quiet", `score ${answer.score.toFixed(2)}`));
    if (answer.reason) line.append(" ", make("span", "quiet", answer.reason));
    return line;
  };
  const column = (stage, answer, thinking, said) => {
    const box = make("div", "answer");
    box.dataset.stage = stage;
    if (!answer) { box.append(make("h4", "", labels.get(stage)), make("p", "quiet", "Not asked.")); return box; }
    box.dataset.verdict = answer.verdict;
    box.append(make("h4", "", labels.get(stage), make("span", "quiet", `${answer.tokens} tokens${answer.truncated ? ", cut at the limit" : ""}`)), judged(answer));
    if (answer.said.length) box.append(folded("conversation", `${answer.said.length} turns of model and tools before`, ...turns(answer.said)));
    if (thinking.length) box.append(folded("thinking", "Thinking", text(thinking, "dim")));
    box.append(said.length ? text(said) : make("p", "quiet", "No answer after the thinking."));
    return box;
  };

  const card = ({ problem, shown, pair }) => {
    const box = make("article", "card problem", make("h3", "", `${problem.benchmark} `, make("code", "quiet", problem.problem)), ...turns(problem.turns));
    const reference = problem.reference;
    box.append(reference.length <= 100 && !reference.includes("\n")
      ? make("div", "turn", make("span", "role", "reference"), text(reference, "dim"))
      : folded("reference", problem.verifier ? `Reference, judged by ${problem.verifier}` : "Reference", text(reference, "dim")));
    const columns = make("div", pair ? "answers pair" : "answers");
    if (pair) {
      const [left, right] = pair.map((stage) => problem.answers.find((answer) => answer.stage === stage));
      const thoughts = difference(left?.thinking ?? "", right?.thinking ?? ""), said = difference(left?.answer ?? "", right?.answer ?? "");
      [left, right].forEach((answer, side) => columns.append(column(pair[side], answer, thoughts[side], said[side])));
    } else for (const answer of shown) columns.append(column(answer.stage, answer, answer.thinking ?? "", answer.answer));
    box.append(columns);
    return box;
  };

  const contains = (problem, wanted) => [...problem.turns.map((turn) => turn[1]), problem.reference].join("\n").toLowerCase().includes(wanted);
  const written = (answer) => [...answer.said.map((turn) => turn[1]), answer.thinking ?? "", answer.answer].join("\n");
  const fitting = () => {
    const wanted = Object.fromEntries(new FormData(form));
    const words = wanted.text.toLowerCase();
    const pair = wanted.left && wanted.right ? [wanted.left, wanted.right] : null;
    const kept = [];
    for (const problem of data.problems) {
      if (wanted.benchmark && problem.benchmark !== wanted.benchmark) continue;
      const inPrompt = words && contains(problem, words);
      const of = pair ? problem.answers.filter((answer) => pair.includes(answer.stage)) : problem.answers;
      if (pair && wanted.changed && new Set(of.map((answer) => answer.verdict)).size < 2) continue;
      const shown = of.filter((answer) => (!wanted.stage || answer.stage === wanted.stage)
        && (!wanted.verdict || answer.verdict === wanted.verdict) && (!wanted.reason || kind(answer) === wanted.reason)
        && (!words || inPrompt || written(answer).toLowerCase().includes(words)));
      if (shown.length) kept.push({ problem, shown, pair });
    }
    return kept;
  };

  let left = [];
  const next = () => {
    list.append(...left.splice(0, AT_ONCE).map(card));
    more.hidden = !left.length;
    more.textContent = `Show more (${many(left.length, "problem")})`;
  };
  const update = () => {
    const pair = Boolean(form.elements.left.value && form.elements.right.value);
    form.elements.changed.disabled = !pair;
    form.elements.stage.disabled = pair; // the two checkpoints are chosen beside it
    left = fitting();
    found.textContent = `${many(left.reduce((sum, one) => sum + one.shown.length, 0), "completion")} of ${many(left.length, "problem")}`;
    list.replaceChildren();
    next();
  };
  form.addEventListener("input", update);
  form.addEventListener("reset", () => setTimeout(update));
  form.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => {
    const first = list.children.length;
    next();
    list.children[first].querySelector("summary, h3")?.focus();
  });
  update();
})();
