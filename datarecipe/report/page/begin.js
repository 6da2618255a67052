// Puts the first run on the page, and another one when it is chosen.
const PRINTED = 200;

function begin(place) {
  const run = data.runs[place];
  for (const form of document.querySelectorAll("form.filters")) form.reset();
  startExamples(run);
  startTree(run);
  startRejected(run);
}

function printList(id, columns, rows, total) {
  const section = byId(id).parentElement;
  const table = make("table", "", make("thead", "", make("tr", "", ...columns.map((name) => textNode("th", "", name)))));
  const list = make("tbody");
  for (const row of rows) list.append(make("tr", "", ...row.map((text) => textNode("td", "", brief(text)))));
  table.append(list);
  const note = make("p", "note", `The first ${number(rows.length)} of ${number(total)}.`);
  section.append(make("div", "print-list", note, table));
}

function clearPrinted() {
  for (const list of document.querySelectorAll(".print-list")) list.remove();
}

// A table that draws what is in sight prints nothing else, so the first rows are written out for paper.
function fillPrinted() {
  clearPrinted();
  for (const rows of [examplesRows, rejectedRows]) {
    const shown = rows.order.slice(0, PRINTED).map((row) => rows.cells(row));
    printList(rows.box.id, rows.columns.map((column) => column.name), shown, rows.order.length);
  }
}

window.addEventListener("beforeprint", fillPrinted);
window.addEventListener("afterprint", clearPrinted);

const search = whenQuiet(filterExamples);
for (const id of ["search", "lane"]) byId(id).addEventListener("input", search);
for (const id of ["label", "depth"]) byId(id).addEventListener("change", filterExamples);
byId("rejected-search").addEventListener("input", whenQuiet(filterRejected));
byId("reason").addEventListener("change", filterRejected);
for (const form of document.querySelectorAll("form.filters")) {
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { filterExamples(); filterRejected(); }));
}
byId("run-choice").hidden = data.runs.length < 2;
choices(byId("run"), data.runs.map((run, at) => [at, run.name]));
byId("run").addEventListener("change", () => begin(Number(byId("run").value)));
begin(0);
