// The browser of the examples: search, filters, sorting.
let examplesRows = null;
let current = null;
const sorting = { place: 0, down: false };

// What the script works out of a run, once.
function prepare(run) {
  if (run.children) return run;
  run.children = new Map();
  run.byRequest = new Map();
  const into = (map, key, value) => (map.has(key) ? map.get(key).push(value) : map.set(key, [value]));
  run.parents.forEach((parent, at) => into(run.children, parent, at));
  run.requests.forEach((request, at) => into(run.byRequest, request, at));
  run.searched = run.values.map((row, at) => `${row.filter((text) => text !== null).join("\n")}\n${run.ids[at]}`.toLowerCase());
  run.rejected.searched = run.rejected.rows.map((row) => `${row[0]}\n${row[1]}\n${row[2]}`.toLowerCase());
  return run;
}

function columnsOf(run) {
  const columns = [{ name: "#", width: "4rem", className: "small", value: (at) => at }];
  if (run.label >= 0) columns.push({ name: run.fields[run.label], width: "minmax(4rem, 9rem)", className: "", field: run.label });
  const texts = run.fields.map((_, at) => at).filter((at) => at !== run.label && at !== run.options);
  texts.slice(0, 3).forEach((at, place) => {
    columns.push({ name: run.fields[at], width: "minmax(0, 3fr)", className: place ? "extra" : "main", field: at });
  });
  columns.push({ name: "depth", width: "3.5rem", className: "small extra", value: (at) => run.depths[at] });
  columns.push({ name: "lane", width: "6rem", className: "small", value: (at) => run.lane[at], text: (at) => run.lanes[run.lane[at]] });
  return columns;
}

function startExamples(run) {
  current = prepare(run);
  const columns = columnsOf(run);
  const textOf = (column, at) => {
    if (column.field !== undefined) return run.values[at][column.field] ?? "";
    if (column.text) return column.text(at);
    return column.name === "#" ? number(at + 1) : String(column.value(at));
  };
  const valueOf = (column, at) => (column.field !== undefined ? run.values[at][column.field] ?? "" : column.value(at));
  examplesRows = new Rows(
    byId("examples-list"),
    "Examples",
    columns,
    (at) => columns.map((column) => textOf(column, at)),
    (place) => openPlace(run, examplesRows.order[place], stepsIn(examplesRows, place)),
    (place) => {
      sorting.down = sorting.place === place && !sorting.down;
      sorting.place = place;
      filterExamples();
    },
  );
  examplesRows.valueOf = (place, at) => valueOf(columns[place], at);
  sorting.place = 0;
  sorting.down = false;
  const labels = new Map();
  if (run.label >= 0) for (const row of run.values) labels.set(row[run.label], (labels.get(row[run.label]) || 0) + 1);
  const ranked = [...labels].filter(([label]) => label !== null).sort((a, b) => b[1] - a[1]);
  byId("label-choice").hidden = ranked.length < 2;
  // By its place in `labelsOf`: a label may be any text.
  run.labelsOf = ranked.slice(0, 1000).map(([label]) => label);
  choices(byId("label"), [["", "all"], ...run.labelsOf.map((label, at) => [at, `${brief(label, 40)} (${number(labels.get(label))})`])]);
  const depths = [...new Set(run.depths)].sort((a, b) => a - b).slice(0, 1000);
  choices(byId("depth"), [["", "all"], ...depths.map((depth) => [depth, String(depth)])]);
  byId("lanes").replaceChildren(...run.lanes.slice(0, 500).map((lane) => Object.assign(make("option"), { value: lane })));
  filterExamples();
}

function filterExamples() {
  const run = current;
  const wanted = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const label = byId("label").value === "" ? null : run.labelsOf[Number(byId("label").value)];
  const depth = byId("depth").value === "" ? null : Number(byId("depth").value);
  const lane = byId("lane").value.trim();
  const exact = run.lanes.indexOf(lane);
  const fits = (at) =>
    (label === null || run.values[at][run.label] === label) &&
    (depth === null || run.depths[at] === depth) &&
    (!lane || (exact >= 0 ? run.lane[at] === exact : run.lanes[run.lane[at]].startsWith(lane))) &&
    wanted.every((word) => run.searched[at].includes(word));
  const order = [];
  for (let at = 0; at < run.values.length; at += 1) if (fits(at)) order.push(at);
  if (sorting.place || sorting.down) {
    const value = (at) => examplesRows.valueOf(sorting.place, at);
    const sign = sorting.down ? -1 : 1;
    order.sort((a, b) => {
      const [one, other] = [value(a), value(b)];
      return sign * (one < other ? -1 : one > other ? 1 : 0) || a - b;
    });
  }
  examplesRows.fill(order);
  examplesRows.showSort(sorting.place, sorting.down);
  const left = run.total - run.values.length;
  const more = left > 0 ? `; the first ${number(run.values.length)} of ${number(run.total)} are in this report` : "";
  byId("examples-status").textContent = `${number(order.length)} of ${number(run.values.length)} examples${more}`;
}
