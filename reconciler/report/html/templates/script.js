"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const input = byId("search");
  const found = byId("found");
  const nothing = byId("nothing");
  const rows = [...document.querySelectorAll("[data-row]")];
  const groups = [...document.querySelectorAll("[data-group]")];
  const folds = [...document.querySelectorAll("main details")];
  const texts = new Map();
  let before = null; // which folds were open when the search began

  const textOf = (row) => {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  };

  const begin = () => {
    if (before === null) before = new Set(folds.filter((fold) => fold.open));
  };

  const end = () => {
    for (const element of [...rows, ...groups]) element.hidden = false;
    if (before !== null) for (const fold of folds) fold.open = before.has(fold);
    before = null;
    found.textContent = "";
    nothing.hidden = true;
  };

  const narrow = (words) => {
    begin();
    const holders = new Set();
    let count = 0;
    for (const row of rows) {
      const text = textOf(row);
      const hit = words.every((word) => text.includes(word));
      row.hidden = !hit;
      if (!hit) continue;
      count += 1;
      for (let at = row.parentElement; at && !holders.has(at); at = at.parentElement) holders.add(at);
    }
    for (const group of groups) {
      const holds = holders.has(group);
      group.hidden = !holds;
      if (holds && group.tagName === "DETAILS") group.open = true;
    }
    found.textContent = `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows`;
    nothing.hidden = count > 0;
  };

  const search = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length) narrow(words);
    else end();
  };

  let waiting = 0;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, rows.length > 1000 ? 150 : 30);
  });

  const foldAll = (open) => {
    for (const fold of folds) fold.open = open;
  };
  byId("unfold").addEventListener("click", () => foldAll(true));
  byId("fold").addEventListener("click", () => foldAll(false));

  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== input && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
    } else if (event.key === "Escape" && document.activeElement === input) {
      input.value = "";
      end();
    }
  });

  byId("tools").hidden = false;
})();
