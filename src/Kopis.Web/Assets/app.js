// Draws the plots of the overview anew, each other second. Without it the page is complete.
"use strict";

const plots = document.querySelectorAll("[data-plot]");
const width = 600, height = 140, pause = 2000;

function points(values, top) {
  return values.map((value, i) =>
    `${(i * width / (values.length - 1)).toFixed(1)},`
    + `${(height - 4 - value * (height - 8) / top).toFixed(1)}`).join(" ");
}

function put(name, key, text) {
  const element = document.querySelector(`[data-${name}="${key}"]`);
  if (element && element.textContent !== text) element.textContent = text;
}

function draw(data) {
  for (const plot of plots) {
    const id = plot.dataset.plot, lines = Object.entries(data.plots[id] ?? {});
    const top = Math.max(1, ...lines.flatMap(([, values]) => values));
    put("top", id, String(top));
    for (const [name, values] of lines) {
      const line = plot.querySelector(`[data-line="${id}.${name}"]`);
      if (line) line.setAttribute("points", points(values, top));
      put("last", `${id}.${name}`, String(values[values.length - 1]));
    }
  }
  for (const [name, value] of Object.entries(data.now)) put("now", name, String(value));
}

async function look() {
  if (!document.hidden) {
    try {
      const answer = await fetch("/live", { credentials: "same-origin" });
      if (answer.status === 401) { location.assign("/login"); return; }
      if (answer.ok) draw(await answer.json());
    } catch {
      // The dashboard is stopped, or is started anew: ask again.
    }
  }
  setTimeout(look, pause);
}

if (plots.length > 0) setTimeout(look, pause);
