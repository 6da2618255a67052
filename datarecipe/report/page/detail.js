// The dialog with the whole of an example, a seed example or a rejected item.
const detail = byId("detail");
const body = byId("detail-body");
let steps = null;

function openDetail(title, parts, around) {
  show(byId("detail-title"), title);
  body.replaceChildren(...parts.filter(Boolean));
  steps = around || null;
  byId("previous").hidden = byId("next").hidden = !steps;
  if (steps) {
    byId("previous").disabled = !steps.has(-1);
    byId("next").disabled = !steps.has(1);
  }
  if (!detail.open) detail.showModal();
  detail.scrollTop = 0;
  byId("detail-title").focus();
}

function step(by) {
  if (steps && steps.has(by)) steps.go(by);
}

byId("close").addEventListener("click", () => detail.close());
byId("previous").addEventListener("click", () => step(-1));
byId("next").addEventListener("click", () => step(1));
detail.addEventListener("click", (event) => {
  if (event.target === detail) detail.close();
});
detail.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j" || event.key === "ArrowRight") step(1);
  if (event.key === "k" || event.key === "ArrowLeft") step(-1);
});

// The steps of a list: the place before and the place after one of its places.
function stepsIn(rows, place) {
  return {
    has: (by) => place + by >= 0 && place + by < rows.order.length,
    go: (by) => rows.choose(place + by, true),
  };
}

function pairs(entries) {
  const list = make("dl");
  for (const [name, value] of entries) {
    if (value === null || value === undefined || value === "") continue;
    list.append(make("dt", "", name), value instanceof Node ? make("dd", "", value) : textNode("dd", "", String(value)));
  }
  return list;
}

function values(run, row) {
  const box = make("div");
  run.fields.forEach((field, at) => {
    if (row[at] === null) return;
    box.append(textNode("h4", "", field), textNode("pre", "", row[at]));
  });
  return box;
}

// What the list, the tree and the dialog call an example, in a line: its text without label and options.
function lineOf(run, row) {
  const texts = row.filter((text, at) => text !== null && at !== run.label && at !== run.options);
  return (texts.length ? texts : row.filter((text) => text !== null)).join(" · ");
}

function nameOf(run, place) {
  if (place >= 0) return `#${number(place + 1)} ${lineOf(run, run.values[place])}`;
  const origin = run.origins[-1 - place];
  const kinds = { seed: "seed example", rejected: "rejected item", elsewhere: "not in this report" };
  return `${kinds[origin.kind]}: ${origin.values ? lineOf(run, origin.values) : origin.id}`;
}

function linkTo(run, place) {
  return button(brief(nameOf(run, place), 160), () => openPlace(run, place));
}

function listOf(title, run, places) {
  if (!places.length) return null;
  const list = make("ul", "path");
  for (const place of places.slice(0, 100)) list.append(make("li", "", linkTo(run, place)));
  if (places.length > 100) list.append(make("li", "", `and ${number(places.length - 100)} more`));
  return make("div", "", make("h4", "", title), list);
}

function ancestors(run, place) {
  const found = [];
  // A parent always comes before its children, so this ends.
  for (let at = place; at >= 0 && found.length < 2000; ) {
    at = run.parents[at];
    found.push(at);
  }
  return found;
}

// An example by its number, or an origin by -1 - its place.
function openPlace(run, place, around) {
  if (place < 0) {
    const origin = run.origins[-1 - place];
    openDetail(brief(nameOf(run, place), 80), [
      origin.values && values(run, origin.values),
      pairs([["id", origin.id]]),
      listOf("Made from it", run, run.children.get(place) || []),
    ]);
    return;
  }
  const request = run.requests[place];
  const same = run.byRequest.get(request).filter((other) => other !== place);
  openDetail(
    `Example ${number(place + 1)}`,
    [
      values(run, run.values[place]),
      pairs([
        ["depth", run.depths[place]],
        ["lane", run.lanes[run.lane[place]]],
        ["request", `${number(request + 1)}, item ${run.indexes[place] + 1}`],
        ["vary", run.vary[place] >= 0 ? run.varied[run.vary[place]] : null],
        ["id", run.ids[place]],
        ["", button("Show it in the tree", () => { detail.close(); revealInTree(run, place); })],
      ]),
      listOf("The way back to a seed example", run, ancestors(run, place)),
      listOf("Made from it", run, run.children.get(place) || []),
      listOf("From the same response", run, same),
    ],
    around,
  );
}
