"use strict";
(() => {
  // Theme: as the system says until the button is pressed; charts are drawn anew because their colours are in the drawing.
  const root = document.documentElement;
  const order = ["", "light", "dark"];
  const names = { "": "Theme: system", light: "Theme: light", dark: "Theme: dark" };
  const button = document.getElementById("theme");
  const setTheme = (theme) => {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    button.textContent = names[theme];
    drawAll();
  };
  button.addEventListener("click", () => setTheme(order[(order.indexOf(root.dataset.theme || "") + 1) % order.length]));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll());

  // Charts are drawn one after another, so that the page can be read meanwhile. Expressions are interpreted, never
  // compiled: the page's policy allows no eval.
  const embedded = document.getElementById("charts");
  const specs = embedded ? JSON.parse(embedded.textContent) : {};
  const colours = () => {
    const style = getComputedStyle(root);
    const of = (name) => style.getPropertyValue(name).trim();
    return { ink: of("--ink"), soft: of("--soft"), line: of("--line"), accent: of("--accent"), series: of("--series").split(" ") };
  };
  const config = () => {
    const c = colours();
    const font = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
    return {
      background: "transparent", font, view: { stroke: null }, padding: { left: 0, right: 6, top: 4, bottom: 5 },
      axis: { labelColor: c.soft, titleColor: c.soft, gridColor: c.line, domainColor: c.line, tickColor: c.line, titleFontWeight: 400, labelFontSize: 11, titleFontSize: 11 },
      legend: { labelColor: c.ink, labelFontSize: 12, symbolStrokeWidth: 3, offset: 6 },
      line: { color: c.accent }, point: { color: c.accent }, bar: { color: c.accent }, range: { category: c.series },
    };
  };
  const draw = (element, options) => window.vegaEmbed(element, specs[element.id], options).catch((error) => {
    element.textContent = "This chart could not be drawn: " + error.message;
  });
  let round = 0;
  const drawAll = async () => {
    const mine = ++round;
    const options = { ast: true, actions: false, renderer: "svg", config: config() };
    for (const element of document.querySelectorAll(".vega")) {
      if (mine !== round) return; // the theme changed meanwhile
      await draw(element, options);
      await new Promise((resolve) => setTimeout(resolve));
    }
  };
  setTheme("");

  // A link to a folded artifact opens it.
  const open = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") target.open = true;
  };
  addEventListener("hashchange", open);
  open();
})();
