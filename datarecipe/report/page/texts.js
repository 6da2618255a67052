// What models write reaches the page through `show` alone: as the text of a node, never as markup.
const data = JSON.parse(document.getElementById("data").textContent);
const hidden = new RegExp(`[${data.hidden.map(([a, b]) => `\\u{${a.toString(16)}}-\\u{${b.toString(16)}}`).join("")}]`, "gu");
const CUT = 400;
const byId = (id) => document.getElementById(id);
const number = (value) => value.toLocaleString("en-US");

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const child of children) node.append(child);
  return node;
}

// Put a text into an element; what hides or turns text is shown as its number.
function show(node, text) {
  node.textContent = "";
  let at = 0;
  for (const found of text.matchAll(hidden)) {
    node.append(text.slice(at, found.index));
    const code = found[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    node.append(make("span", "sign", `U+${code}`));
    at = found.index + found[0].length;
  }
  node.append(text.slice(at));
  return node;
}

function textNode(tag, className, text) {
  const node = show(make(tag, className), text);
  node.dir = "auto";
  return node;
}

const brief = (text, longest = CUT) => (text.length > longest ? `${text.slice(0, longest)}…` : text);

function button(text, action) {
  const node = textNode("button", "link", text);
  node.type = "button";
  node.addEventListener("click", action);
  return node;
}

function choices(select, options) {
  select.textContent = "";
  for (const [value, text] of options) {
    const option = make("option", "", brief(text.replace(hidden, "�"), 60));
    option.value = value;
    select.append(option);
  }
}

// Wait until nothing was typed for a moment.
function whenQuiet(action) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, 60);
  };
}
