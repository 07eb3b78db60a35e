// A table of any length: only the rows in sight are there, fetched in pages as they come up.

import {freshId, h, replace} from "./dom.js";

const ROW = 34;
const PAGE = 200;
const SPARE = 6;
// Browsers cannot make elements of any height.
const MAX_HEIGHT = 8_000_000;

// `fetchPage(offset, limit, signal)` → {rows, total}; `columns` is [{key, title, width, sortable?,
// numeric?: true, or told by a row, cell(row)}, …]; `keyOf(row)` names a row, `open(row)` is what
// Enter does. With `select` rows can be chosen, and it is told the set of their names.
export class VirtualTable {
  constructor({label, fetchPage, columns, keyOf, open, sort, sorted, select, failed, empty}) {
    Object.assign(this, {label, fetchPage, keyOf, open, sorted, select, failed});
    this.emptyText = empty ?? "Nothing here.";
    this.sort = sort ?? "";
    this.pages = new Map();
    this.total = 0;
    this.chosen = new Set();
    this.active = 0;
    this.id = freshId("rows");
    this.head = h("thead", {});
    this.body = h("tbody", {});
    this.groups = h("colgroup", {});
    this.grid = h("table", {class: "grid", role: "grid", tabindex: "0", "aria-label": label,
                            "aria-multiselectable": select ? "true" : null,
                            onkeydown: (event) => this.keys(event)},
                  this.groups, this.head, this.body);
    this.node = h("div", {class: "window", onscroll: () => this.draw()}, this.grid);
    this.note = h("p", {class: "dim", role: "status"});
    this.setColumns(columns);
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(this.node);
  }

  setColumns(columns) {
    this.columns = columns;
    const all = this.select ? [{key: "", width: 34}, ...columns] : columns;
    replace(this.groups, all.map((c) => h("col", {style: {width: `${c.width ?? 110}px`}})));
    const width = all.reduce((sum, c) => sum + (c.width ?? 110), 0);
    this.grid.style.setProperty("min-width", `${width}px`);
    this.drawHead();
    this.draw();
  }

  // A column holds numbers when one of the first rows that are there says so.
  classOf(column) {
    let {numeric} = column;
    if (typeof numeric === "function") {
      const rows = [...this.pages.values()].find((page) => page.rows?.length)?.rows ?? [];
      numeric = rows.slice(0, 50).some(column.numeric);
    }
    return numeric ? "number" : null;
  }

  drawHead() {
    const [, direction, field] = /^([-+]?)(.*)$/.exec(this.sort.split(",")[0]);
    replace(this.head, h("tr", {role: "row", "aria-rowindex": "1"},
      this.select && h("th", {class: "choose"}, h("span", {class: "unseen"}, "Chosen")),
      this.columns.map((c) => {
        const here = c.sortable && c.key === field;
        const up = here && direction !== "-";
        return h("th", {scope: "col", class: this.classOf(c),
                        "aria-sort": here ? (up ? "ascending" : "descending") : null},
                 c.sortable
                   ? h("button", {type: "button", class: "sort", title: `Sort by ${c.key}`,
                                  "data-sort": c.key, onclick: () => this.sortBy(c.key)},
                       h("span", {}, c.title),
                       h("span", {class: "arrow", "aria-hidden": "true"},
                         here ? (up ? "▲" : "▼") : ""))
                   : c.title);
      })));
  }

  // The first rows say which columns hold numbers.
  drawHeadKeepingFocus() {
    const key = this.head.contains(document.activeElement) && document.activeElement.dataset.sort;
    this.drawHead();
    if (key) this.head.querySelector(`[data-sort="${CSS.escape(key)}"]`)?.focus();
  }

  // Down, up, as the server has them.
  sortBy(field) {
    const next = {[`-${field}`]: `+${field}`, [`+${field}`]: "", [field]: ""};
    this.sort = this.sort in next ? next[this.sort] : `-${field}`;
    this.drawHead();
    this.head.querySelector(`[data-sort="${CSS.escape(field)}"]`)?.focus();
    this.sorted?.(this.sort);
    this.reset();
  }

  // Other rows from now on; those before stay until they have come, and when they cannot.
  async reset() {
    this.first?.abort();
    for (const page of this.pages.values()) page.stop?.abort();
    const stop = new AbortController();
    this.first = stop;
    try {
      const answer = await this.fetchPage(0, PAGE, stop.signal);
      if (stop.signal.aborted) return;
      this.forget();
      this.pages.set(0, {rows: answer.rows});
      this.total = answer.total;
      this.isBroken = false;
      this.drawHeadKeepingFocus();
      this.node.scrollTop = 0;
      this.active = 0;
      this.failed?.(null);
      this.draw();
    } catch (error) {
      if (error.name === "AbortError" || stop.signal.aborted) return;
      this.failed?.(error);
      this.isBroken = true;
      this.draw();
    } finally {
      if (this.first === stop) this.first = null;
    }
  }

  forget() {
    for (const page of this.pages.values()) page.stop?.abort();
    this.pages.clear();
  }

  // What has been scrolled past before it came is not waited for.
  leaveOut(first, last) {
    for (const [number, page] of this.pages) {
      if (!page.loading || page.rows) continue;
      if ((number + 1) * PAGE > first && number * PAGE < last) continue;
      if (number === 0 && this.total === 0) continue;
      page.stop.abort();
      this.pages.delete(number);
    }
  }

  // The same rows, as they are now; what is shown stays until then.
  async refresh() {
    if (this.first) return;
    const {first, last} = this.sight();
    const kept = new Set();
    for (let p = Math.floor(first / PAGE); p <= Math.floor(Math.max(first, last - 1) / PAGE); ++p) {
      kept.add(p);
    }
    for (const [p, page] of this.pages) {
      if (kept.has(p)) continue;
      page.stop?.abort();
      this.pages.delete(p);
    }
    for (const p of kept) await this.request(p, true);
  }

  async request(page, again = false) {
    const known = this.pages.get(page);
    if (known && (!again || known.loading)) return;
    const stop = new AbortController();
    const {signal} = stop;
    this.pages.set(page, {rows: known?.rows, loading: true, stop});
    try {
      const answer = await this.fetchPage(page * PAGE, PAGE, signal);
      if (signal.aborted) return;
      this.pages.set(page, {rows: answer.rows});
      this.total = answer.total;
      this.drawHeadKeepingFocus();
      this.isBroken = false;
      this.failed?.(null);
    } catch (error) {
      if (error.name === "AbortError" || signal.aborted) return;
      this.pages.set(page, {rows: known?.rows ?? []});
      this.failed?.(error);
      this.isBroken = true;
    }
    this.draw();
  }

  sight() {
    const height = this.node.clientHeight || 600;
    const full = this.total * ROW;
    const room = Math.min(full, MAX_HEIGHT);
    // When rows do not fit into what can be scrolled, the way is the share of it.
    const top = this.node.scrollTop;
    const share = room > height ? Math.min(1, top / (room - height + ROW)) : 0;
    const firstSeen = full > MAX_HEIGHT ? Math.floor(share * (this.total - height / ROW + 1))
                                        : Math.floor(top / ROW);
    const first = Math.max(0, firstSeen - SPARE);
    const last = Math.min(this.total, firstSeen + Math.ceil(height / ROW) + SPARE);
    const above = full > MAX_HEIGHT ? Math.max(0, top - (firstSeen - first) * ROW) : first * ROW;
    return {first, last, above, below: Math.max(0, room - above - (last - first) * ROW)};
  }

  rowAt(index) {
    const page = Math.floor(index / PAGE);
    if (!this.pages.has(page) && !this.first) this.request(page);
    return this.pages.get(page)?.rows?.[index - page * PAGE];
  }

  draw() {
    if (!this.node.isConnected) return;
    const {first, last, above, below} = this.sight();
    this.grid.setAttribute("aria-rowcount", this.total + 1);
    this.grid.setAttribute("aria-colcount", this.columns.length + (this.select ? 1 : 0));
    this.leaveOut(first, last);
    const classes = this.columns.map((c) => this.classOf(c));
    const rows = [];
    for (let i = first; i < last; ++i) rows.push(this.drawRow(i, this.rowAt(i), classes));
    const space = (height) => height > 0 && h("tr", {class: "space", "aria-hidden": "true"},
                                              h("td", {style: {height: `${height}px`}}));
    replace(this.body, space(above), rows, space(below));
    const waits = [...this.pages.values()].some((page) => page.loading && !page.rows);
    const none = this.isBroken ? "" : this.emptyText;
    this.note.textContent = this.total === 0 ? (waits ? "Loading…" : none)
      : `${this.total.toLocaleString("en")} ${this.total === 1 ? "row" : "rows"}` +
        (this.isBroken ? ", from before" : "");
    this.node.classList.toggle("outdated", Boolean(this.isBroken));
    this.markActive();
  }

  drawRow(index, row, classes) {
    const at = {role: "row", "aria-rowindex": index + 2, id: `${this.id}-${index}`,
                class: index === this.active ? "active" : null};
    if (!row) return h("tr", at, h("td", {class: "dim", colspan: "99"}, "…"));
    const key = this.keyOf(row);
    const isChosen = this.chosen.has(key);
    if (this.select) at["aria-selected"] = isChosen;
    const line = h("tr", at,
      this.select && h("td", {class: "choose"}, h("input", {
        type: "checkbox", tabindex: "-1", "aria-label": `Choose ${key}`, checked: isChosen,
        onclick: () => this.toggle(index, key)})),
      this.columns.map((c, i) => h("td", {class: classes[i]}, c.cell(row))));
    for (const link of line.querySelectorAll("a")) link.tabIndex = -1;
    line.addEventListener("click", () => {
      this.active = index;
      this.markActive();
    });
    return line;
  }

  toggle(index, key) {
    if (this.chosen.has(key)) this.chosen.delete(key);
    else this.chosen.add(key);
    this.active = index;
    this.select(this.chosen);
    this.draw();
  }

  clearChosen() {
    this.chosen.clear();
    this.select?.(this.chosen);
    this.draw();
  }

  markActive() {
    for (const row of this.body.querySelectorAll(".active")) row.classList.remove("active");
    const row = this.body.querySelector(`#${this.id}-${this.active}`);
    row?.classList.add("active");
    if (row) this.grid.setAttribute("aria-activedescendant", row.id);
    else this.grid.removeAttribute("aria-activedescendant");
  }

  keys(event) {
    if (event.target !== this.grid || this.total === 0) return;
    const screen = Math.max(1, Math.floor(this.node.clientHeight / ROW) - 2);
    const steps = {ArrowDown: 1, ArrowUp: -1, PageDown: screen, PageUp: -screen,
                   Home: -this.total, End: this.total};
    if (event.key in steps) {
      event.preventDefault();
      this.active = Math.max(0, Math.min(this.total - 1, this.active + steps[event.key]));
      this.show(this.active);
    } else if (event.key === "Enter" || event.key === " ") {
      const row = this.rowAt(this.active);
      if (!row) return;
      event.preventDefault();
      if (event.key === "Enter") this.open?.(row);
      else if (this.select) this.toggle(this.active, this.keyOf(row));
    }
  }

  show(index) {
    const full = this.total * ROW;
    const height = this.node.clientHeight - ROW;
    if (full > MAX_HEIGHT) {
      this.node.scrollTop = (index / this.total) * (MAX_HEIGHT - height);
    } else if (index * ROW < this.node.scrollTop) {
      this.node.scrollTop = index * ROW;
    } else if ((index + 1) * ROW > this.node.scrollTop + height) {
      this.node.scrollTop = (index + 1) * ROW - height;
    }
    this.draw();
  }

  close() {
    this.first?.abort();
    this.forget();
    this.watcher.disconnect();
  }
}
