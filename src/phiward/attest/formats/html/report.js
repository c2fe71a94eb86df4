"use strict";
// Filters and sorting, where scripts may run. The page is whole without them: all controls are made here.
(() => {
  const make = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  const choice = (label, values) => {
    const select = make("select", {}, make("option", { value: "", textContent: "all" }),
      ...values.map((value) => make("option", { value, textContent: value })));
    return [select, make("label", { textContent: label }, select)];
  };
  for (const box of document.querySelectorAll("[data-filter]")) {
    const rows = [...box.querySelectorAll("[data-text]")];
    if (rows.length < 2) continue;
    const search = make("input", { type: "search", size: 30 });
    const selects = box.dataset.filter.split(" ").map((key) => {
      const values = [...new Set(rows.map((row) => row.dataset[key]).filter(Boolean))].sort();
      return [key, ...choice(key, values)];
    });
    const shown = make("output", {});
    const apply = () => {
      const wanted = search.value.trim().toLowerCase();
      let count = 0;
      for (const row of rows) {
        const fits = row.dataset.text.toLowerCase().includes(wanted)
          && selects.every(([key, select]) => !select.value || row.dataset[key] === select.value);
        row.hidden = !fits;
        count += fits;
      }
      shown.textContent = `${count} of ${rows.length} shown`;
    };
    search.addEventListener("input", apply);
    for (const [, select] of selects) select.addEventListener("change", apply);
    box.prepend(make("div", { className: "filters" },
      make("label", { textContent: "contains" }, search), ...selects.map(([, , label]) => label), shown));
    apply();
  }
  const key = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = make("button", { type: "button" }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const body = table.tBodies[0];
        const rows = [...body.rows].sort((a, b) =>
          key(a, column).localeCompare(key(b, column), "en", { numeric: true }) * (down ? -1 : 1));
        body.append(...rows);
      });
    });
  }
})();
