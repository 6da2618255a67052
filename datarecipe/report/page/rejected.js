// The rejected items by reason, each with its raw text and, where one is known, the example that it was too much like.
let rejectedRows = null;

function startRejected(run) {
  const rejected = run.rejected;
  const columns = [
    { name: "reason", width: "9rem", className: "" },
    { name: "detail", width: "minmax(0, 1fr)", className: "small extra" },
    { name: "item", width: "minmax(0, 2fr)", className: "main" },
    { name: "request", width: "5rem", className: "small" },
  ];
  const at = [0, 1, 2, 6];
  const order = { place: -1, down: false };
  rejectedRows = new Rows(
    byId("rejected-list"),
    "Rejected items",
    columns,
    (row) => at.map((place) => (place === 6 ? number(rejected.rows[row][6] + 1) : rejected.rows[row][place])),
    (place) => openRejected(run, rejectedRows.order[place], stepsIn(rejectedRows, place)),
    (place) => {
      order.down = order.place === place && !order.down;
      order.place = place;
      filterRejected();
    },
  );
  rejectedRows.sort = order;
  rejectedRows.valueOf = (place, row) => rejected.rows[row][at[place]];
  const reasons = Object.entries(rejected.counts);
  choices(byId("reason"), [["", "all"], ...reasons.map(([reason, count]) => [reason, `${reason} (${number(count)})`])]);
  filterRejected();
}

function filterRejected() {
  const run = current;
  const { rows, counts, searched } = run.rejected;
  const wanted = byId("rejected-search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const reason = byId("reason").value;
  const order = [];
  for (let row = 0; row < rows.length; row += 1) {
    if ((!reason || rows[row][0] === reason) && wanted.every((word) => searched[row].includes(word))) order.push(row);
  }
  const { place, down } = rejectedRows.sort;
  if (place >= 0) {
    order.sort((a, b) => {
      const [one, other] = [rejectedRows.valueOf(place, a), rejectedRows.valueOf(place, b)];
      return (down ? -1 : 1) * (one < other ? -1 : one > other ? 1 : 0) || a - b;
    });
  }
  rejectedRows.fill(order);
  rejectedRows.showSort(place, down);
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const more = all > rows.length ? `; ${number(rows.length)} of ${number(all)} are in this report` : "";
  byId("rejected-status").textContent = `${number(order.length)} of ${number(rows.length)} rejected items${more}`;
}

function openRejected(run, at, around) {
  const [reason, said, raw, match, depth, lane, request, index, parent] = run.rejected.rows[at];
  const own = make("div", "", make("h4", "", "Raw text"), textNode("pre", "", raw));
  let pair = own;
  if (match !== null) {
    const row = match >= 0 ? run.values[match] : run.origins[-1 - match].values;
    const other = make("div", "", make("h4", "", "Too much like"), linkTo(run, match));
    if (row) other.append(values(run, row));
    pair = make("div", "pair", own, other);
  }
  openDetail(
    `Rejected: ${reason}`,
    [
      pairs([["detail", said]]),
      pair,
      pairs([
        ["depth", depth],
        ["lane", lane],
        ["request", `${number(request + 1)}, item ${index + 1}`],
        ["shown to the model", parent === null ? null : linkTo(run, parent)],
      ]),
    ],
    around,
  );
}
