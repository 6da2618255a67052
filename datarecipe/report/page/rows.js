// A table of any number of rows of one height, of which only those in sight are drawn.
class Rows {
  // columns: [{name, width, className, sort}]; cells(row) -> texts; open(place) is told which place of `order` was chosen.
  constructor(box, label, columns, cells, open, sorted) {
    Object.assign(this, { box, columns, cells, open, sorted, order: [], active: 0, drawn: "" });
    this.template = columns.map((column) => column.width).join(" ");
    this.head = make("div", "head");
    this.head.setAttribute("role", "rowgroup");
    const top = this.row(1);
    columns.forEach((column, place) => top.append(this.heading(column, place)));
    this.head.append(top);
    this.sizer = make("div", "sizer");
    this.scroller = make("div", "scroller", this.sizer);
    this.scroller.tabIndex = 0;
    this.scroller.setAttribute("role", "rowgroup");
    this.scroller.setAttribute("aria-label", `${label}: arrow keys move, Enter opens`);
    box.textContent = "";
    box.setAttribute("role", "table");
    box.setAttribute("aria-label", label);
    box.append(this.head, this.scroller);
    this.scroller.addEventListener("scroll", () => this.draw());
    this.scroller.addEventListener("keydown", (event) => this.key(event));
    this.scroller.addEventListener("click", (event) => {
      const row = event.target.closest("[role=row]");
      if (row) this.choose(Number(row.dataset.place), true);
    });
    new ResizeObserver(() => this.draw(true)).observe(this.scroller);
  }

  row(index) {
    const row = make("div");
    row.setAttribute("role", "row");
    row.setAttribute("aria-rowindex", index);
    row.style.gridTemplateColumns = this.template;
    return row;
  }

  heading(column, place) {
    const cell = make("div");
    cell.setAttribute("role", "columnheader");
    cell.setAttribute("aria-sort", "none");
    const press = button(column.name, () => this.sorted(place));
    press.className = "";
    press.title = `Sort by ${column.name.replace(hidden, "�")}`;
    cell.append(press);
    return cell;
  }

  showSort(place, down) {
    [...this.head.querySelectorAll("[role=columnheader]")].forEach((cell, at) => {
      const here = at === place;
      cell.setAttribute("aria-sort", here ? (down ? "descending" : "ascending") : "none");
      show(cell.firstChild, this.columns[at].name + (here ? (down ? " ↓" : " ↑") : ""));
    });
  }

  fill(order) {
    this.order = order;
    this.active = 0;
    this.scroller.scrollTop = 0;
    this.box.setAttribute("aria-rowcount", order.length + 1);
    this.draw(true);
  }

  get height() {
    return Number(getComputedStyle(this.box).getPropertyValue("--row"));
  }

  draw(anew) {
    const height = this.height;
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / height) - 3);
    const last = Math.min(this.order.length, Math.ceil((this.scroller.scrollTop + this.scroller.clientHeight) / height) + 3);
    const now = `${first} ${last} ${this.active}`;
    if (!anew && now === this.drawn) return;
    this.drawn = now;
    this.sizer.style.height = `${this.order.length * height}px`;
    const rows = [];
    for (let place = first; place < last; place += 1) rows.push(this.drawRow(place, height));
    if (!this.order.length) rows.push(make("p", "empty", "Nothing fits these filters."));
    this.sizer.replaceChildren(...rows);
    const active = this.sizer.querySelector(".active");
    if (active) this.scroller.setAttribute("aria-activedescendant", active.id);
    else this.scroller.removeAttribute("aria-activedescendant");
  }

  drawRow(place, height) {
    const row = this.row(place + 2);
    row.id = `${this.box.id}-${place}`;
    row.dataset.place = place;
    row.style.top = `${place * height}px`;
    if (place === this.active) row.className = "active";
    this.cells(this.order[place]).forEach((text, at) => {
      const cell = textNode("div", this.columns[at].className || "", brief(text));
      cell.setAttribute("role", "cell");
      row.append(cell);
    });
    return row;
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / this.height) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in steps) this.choose(this.active + steps[event.key], false);
    else if (event.key === "Enter" || event.key === " ") this.choose(this.active, true);
    else return;
    event.preventDefault();
  }

  choose(place, open) {
    if (!this.order.length) return;
    this.active = Math.min(this.order.length - 1, Math.max(0, place));
    const height = this.height;
    const top = this.active * height;
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    else if (top + height > this.scroller.scrollTop + this.scroller.clientHeight) {
      this.scroller.scrollTop = top + height - this.scroller.clientHeight;
    }
    this.draw(true);
    if (open) this.open(this.active);
  }
}
