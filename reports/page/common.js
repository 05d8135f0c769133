"use strict";
// What the pages have in common. All that they say is there without it.
const shared = (() => {
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// A table that is wider than its place is set row below row, each cell beside the name of its column, so that none is cut off.
const fold = place => {
  const table = place.querySelector("table");
  table.classList.remove("stacked");
  if (place.scrollWidth <= place.clientWidth + 1) return;
  const heads = [...table.tHead.rows[0].cells].map(c => c.textContent);
  for (const row of table.tBodies[0].rows) [...row.cells].forEach((c, i) => { if (c.tagName === "TD" && heads[i]) c.dataset.head = heads[i]; });
  table.classList.add("stacked");
};

const copy = () => {
  for (const b of all("[data-copy]")) {
    b.hidden = !navigator.clipboard;
    b.onclick = () => navigator.clipboard.writeText(b.previousElementSibling.textContent).then(() => {
      b.textContent = "Copied";
      setTimeout(() => { b.textContent = "Copy"; }, 1500);
    }, () => {});
  }
};

// The button goes through the themes, and has what is not styled by them drawn again.
const theme = redraw => {
  const button = document.getElementById("theme"), themes = ["system", "light", "dark"];
  const name = () => { button.textContent = "Theme: " + (document.documentElement.dataset.theme || "system"); };
  button.hidden = false;
  name();
  button.onclick = () => {
    const next = themes[(themes.indexOf(document.documentElement.dataset.theme || "system") + 1) % 3];
    if (next === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try { localStorage.setItem("andon-theme", next); } catch {}
    name();
    redraw();
  };
};

return {all, fold, copy, theme};
})();
