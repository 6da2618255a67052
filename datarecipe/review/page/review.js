// Judges one example after another. The server keeps the verdicts: what this page shows is what it was told.
const token = new URLSearchParams(location.search).get("token");
const questions = {
  label: ["Which label is right?", "valid, but no label fits"],
  answer: ["Is the answer right?", "valid, but I can't tell"],
  valid: ["Is it valid?", "valid"],
};
let view = null;
let last = Promise.resolve();
let judging = false;

// Ask the server, and show what it says: one request after another, in the order in which keys were pressed.
function ask(request) {
  last = last.then(() => send(request));
  return last;
}

async function send(request) {
  try {
    const reply = await fetch("/review", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Review-Token": token },
      body: JSON.stringify(request),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
    });
    const said = await reply.json();
    if (reply.ok) draw(said);
    else complain(`Not saved: ${said.error}`);
  } catch {
    complain("Not saved: the review no longer runs. Start the same command again, and open the address that it prints.");
  }
}

function complain(text) {
  byId("problem").hidden = false;
  byId("done").hidden = true;
  byId("judgement").hidden = false;
  show(byId("problem"), text);
}

function draw(said) {
  const same = view !== null && view.number === said.number;
  view = said;
  const done = said.number === null;
  byId("problem").hidden = true;
  byId("item").hidden = byId("judgement").hidden = done;
  byId("done").hidden = !done;
  byId("title").textContent = done ? "Done" : `Example ${number(said.number + 1)} of ${number(said.total)}`;
  byId("count").textContent = `${number(said.judged)} of ${number(said.total)} judged`;
  byId("bar").max = said.total;
  byId("bar").value = said.judged;
  if (done) {
    byId("again").focus();
    return;
  }
  // A button that is pressed must not be replaced before it is let go, nor a note while somebody writes.
  if (!same) drawItem();
  mark();
}

function drawItem() {
  byId("fields").replaceChildren(
    ...view.fields.flatMap(([name, text]) => [textNode("h2", "", name), textNode("pre", "", text)]),
  );
  byId("find").value = "";
  byId("finding").hidden = view.choices.length <= 9;
  drawChoices();
  byId("note").value = view.note;
  byId("back").disabled = view.number === 0;
  byId("forward").disabled = view.number === view.total - 1;
  window.scrollTo(0, 0);
  byId("judgement").scrollTop = 0;
  byId("title").focus({ preventScroll: true });
}

// Show what the example was judged.
function mark() {
  const pressed = (node, is) => node.setAttribute("aria-pressed", String(is));
  pressed(byId("valid"), view.valid === true && view.choice === null);
  pressed(byId("invalid"), view.valid === false);
  for (const node of byId("choices").children) pressed(node, view.choice === Number(node.value));
}

// The labels that contain what is looked for; the first nine have a digit.
function drawChoices() {
  const wanted = byId("find").value.toLowerCase();
  const places = view.choices.map((_, place) => place).filter((place) => view.choices[place].toLowerCase().includes(wanted));
  byId("choices").replaceChildren(
    ...places.map((place, at) => {
      const chosen = make("button", "", at < 9 ? make("kbd", "", String(at + 1)) : "", " ", textNode("span", "text", brief(view.choices[place])));
      chosen.type = "button";
      chosen.value = place;
      chosen.addEventListener("click", () => judge(true, place));
      return chosen;
    }),
  );
}

const note = () => byId("note").value.trim();

// One verdict at a time: a key that is pressed before the next example is there means nothing.
async function judge(valid, choice = null) {
  if (judging || view === null || view.number === null) return;
  judging = true;
  await ask({ do: "judge", number: view.number, valid, choice, note: note() });
  judging = false;
}

// A note that changed is saved with what the example was judged, before anything else is shown.
async function saveNote() {
  if (!view || view.number === null || note() === view.note) return;
  await ask({ do: "note", number: view.number, valid: view.valid, choice: view.choice, note: note() });
}

async function move(request) {
  await saveNote();
  if (byId("problem").hidden || request.do === "open") await ask(request);
}

function walk(by) {
  const to = view.number === null ? view.total - 1 : view.number + by;
  if (to >= 0 && to < view.total) move({ do: "show", number: to });
}

const actions = {
  v: () => judge(true),
  x: () => judge(false),
  n: () => byId("note").focus(),
  l: () => byId("find").focus(),
  s: () => view.number !== null && move({ do: "open", number: view.number }),
  u: () => move(view.number === null ? { do: "undo" } : { do: "undo", number: view.number }),
  ArrowLeft: () => walk(-1),
  ArrowRight: () => walk(1),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing || !view) return;
  const typing = event.target === byId("note") || event.target === byId("find");
  if (typing) {
    const first = byId("choices").firstElementChild;
    if (event.target === byId("find") && event.key === "Enter" && first) first.click();
    if (event.key === "Escape") byId("title").focus();
    return;
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const chosen = /^[1-9]$/.test(key) && view.number !== null ? byId("choices").children[Number(key) - 1] : null;
  const action = chosen ? () => chosen.click() : Object.hasOwn(actions, key) ? actions[key] : null;
  if (!action) return;
  event.preventDefault();
  action();
});

byId("valid").addEventListener("click", () => judge(true));
byId("invalid").addEventListener("click", () => judge(false));
for (const [id, key] of [["back", "ArrowLeft"], ["forward", "ArrowRight"], ["skip", "s"], ["undo", "u"], ["again", "ArrowLeft"], ["undo-last", "u"]]) {
  byId(id).addEventListener("click", () => actions[key]());
}
byId("note").addEventListener("change", saveNote);
byId("find").addEventListener("input", () => {
  drawChoices();
  mark();
});
byId("question").textContent = questions[data.question][0];
byId("valid-text").textContent = questions[data.question][1];
ask({ do: "open" });
