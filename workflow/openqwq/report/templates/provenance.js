"use strict";
(() => {
  // What stands behind a number: its file, and the account of the artifact that holds it. Without scripts the link leads there.
  const panel = document.getElementById("behind");
  if (!panel || !panel.showModal) return;
  const title = panel.querySelector("h2"), facts = panel.querySelector("dl"), account = panel.querySelector(".account");
  const fact = (name, value) => {
    const row = document.createElement("div"), term = document.createElement("dt"), text = document.createElement("dd");
    term.textContent = name;
    text.textContent = value;
    row.append(term, text);
    return row;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.why");
    if (!link) {
      if (event.target === panel || event.target.closest("#behind a")) panel.close(); // the backdrop, or a way out
      return;
    }
    event.preventDefault();
    title.textContent = link.dataset.what;
    const shown = [["file", link.dataset.file], ["rows", link.dataset.rows], ["sha256", link.dataset.sha256]];
    facts.replaceChildren(...shown.filter(([, value]) => value).map(([name, value]) => fact(name, value)));
    const card = document.getElementById(link.hash.slice(1));
    account.replaceChildren(...(card ? [...card.children].filter((child) => child.tagName !== "SUMMARY") : []).map((child) => child.cloneNode(true)));
    if (!card) account.textContent = "No manifest stands beside it: how it was made is not known.";
    panel.showModal();
    panel.scrollTop = 0;
  });
  panel.querySelector("button").addEventListener("click", () => panel.close());
})();
