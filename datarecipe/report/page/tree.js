// The lineage as a tree. Children are drawn when their parent is opened, a hundred at a time.
const tree = byId("tree");
const AT_ONCE = 100;

function startTree(run) {
  const roots = run.origins.map((_, at) => -1 - at);
  const used = roots.filter((place) => run.children.has(place) || run.origins[-1 - place].kind === "seed");
  tree.replaceChildren();
  addNodes(run, tree, used, 0, 1);
  const first = tree.querySelector("[role=treeitem]");
  if (first) first.tabIndex = 0;
  else tree.append(make("li", "empty", "There is no example."));
}

function addNodes(run, list, places, from, level) {
  const shown = places.slice(from, from + AT_ONCE);
  for (const place of shown) list.append(nodeOf(run, place, level));
  const left = places.length - from - shown.length;
  if (left <= 0) return;
  const more = make("li");
  more.setAttribute("role", "treeitem");
  more.tabIndex = -1;
  more.append(make("div", "node", make("span", "twist", "+"), make("span", "text", `${number(left)} more`)));
  more.openNode = () => {
    const before = more.previousElementSibling;
    more.remove();
    addNodes(run, list, places, from + AT_ONCE, level);
    focusNode(before.nextElementSibling || before);
  };
  list.append(more);
}

function nodeOf(run, place, level) {
  const children = run.children.get(place) || [];
  const item = make("li");
  item.setAttribute("role", "treeitem");
  item.setAttribute("aria-level", level);
  item.tabIndex = -1;
  const twist = make("span", "twist", children.length ? "▸" : "·");
  const label = place >= 0 && run.label >= 0 ? run.values[place][run.label] : null;
  const text = textNode("span", "text", brief(nameOf(run, place), 200));
  const row = make("div", "node", twist, text);
  if (label !== null) row.insertBefore(textNode("span", "badge", brief(label, 30)), text);
  if (children.length) row.append(make("span", "count", number(children.length)));
  item.append(row);
  if (children.length) item.setAttribute("aria-expanded", "false");
  item.place = place;
  item.openNode = () => openPlace(run, place);
  item.expand = (open) => {
    if (!children.length || open === (item.getAttribute("aria-expanded") === "true")) return;
    item.setAttribute("aria-expanded", String(open));
    twist.textContent = open ? "▾" : "▸";
    if (!open) item.lastChild.remove();
    else {
      const list = make("ul");
      list.setAttribute("role", "group");
      addNodes(run, list, children, 0, level + 1);
      item.append(list);
    }
  };
  return item;
}

function focusNode(item) {
  for (const other of tree.querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
  item.tabIndex = 0;
  item.focus();
}

// Open the tree down to an example.
function revealInTree(run, place) {
  const way = [...ancestors(run, place).reverse(), place];
  let list = tree;
  let item = null;
  for (const at of way) {
    item = [...list.children].find((each) => each.place === at);
    // It may stand behind "more".
    while (!item && list.lastElementChild && list.lastElementChild.place === undefined) {
      list.lastElementChild.openNode();
      item = [...list.children].find((each) => each.place === at);
    }
    if (!item) return;
    if (at !== place) {
      item.expand(true);
      list = item.lastChild;
    }
  }
  focusNode(item);
  item.firstChild.scrollIntoView({ block: "center" });
}

tree.addEventListener("click", (event) => {
  const item = event.target.closest("[role=treeitem]");
  if (!item) return;
  focusNode(item);
  const onTwist = event.target.classList.contains("twist") || event.target.classList.contains("count");
  if (onTwist && item.expand) item.expand(item.getAttribute("aria-expanded") !== "true");
  else item.openNode();
});

tree.addEventListener("keydown", (event) => {
  const item = event.target.closest("[role=treeitem]");
  if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = [...tree.querySelectorAll("[role=treeitem]")];
  const at = all.indexOf(item);
  const opened = item.getAttribute("aria-expanded") === "true";
  const above = item.parentElement.closest("[role=treeitem]");
  const moves = {
    ArrowDown: () => all[at + 1] && focusNode(all[at + 1]),
    ArrowUp: () => all[at - 1] && focusNode(all[at - 1]),
    Home: () => focusNode(all[0]),
    End: () => focusNode(all[all.length - 1]),
    ArrowRight: () => (opened ? all[at + 1] && focusNode(all[at + 1]) : item.expand && item.expand(true)),
    ArrowLeft: () => (opened ? item.expand(false) : above && focusNode(above)),
    Enter: () => item.openNode(),
  };
  if (!(event.key in moves)) return;
  moves[event.key]();
  event.preventDefault();
});
