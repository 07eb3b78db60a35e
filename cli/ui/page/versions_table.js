// Versions of a job, or of all jobs: filter, columns, order, and choosing some to compare.

import {get} from "./api.js";
import {h, replace} from "./dom.js";
import {openDialog} from "./dialog.js";
import {filterBox} from "./filter_box.js";
import {duration, figure, number, setting} from "./format.js";
import {liveFigures, statusMark, versionLink} from "./parts.js";
import {navigate, setQuery, to} from "./router.js";
import {VirtualTable} from "./table.js";
import {ago} from "./times.js";
import {visualize} from "./actions.js";

// With their widths these fit beside the menu in a window of 1280 pixels.
const USUAL = ["status", "accuracy", "f1", "loss", "algorithm", "lr", "created", "duration"];
const FIGURES = new Set(["accuracy", "precision", "recall", "f1"]);
const WIDTHS = {status: 124, accuracy: 92, f1: 72, loss: 76, algorithm: 104, lr: 74, created: 104,
                started: 104, ended: 104, duration: 84, parent: 150, reason: 260,
                status_reason: 260, experiment: 150, job: 150};

function valueOf(row, field) {
  if (row.columns && row.columns[field] !== undefined) return row.columns[field];
  if (field === "duration") return row.duration_s;
  if (field === "reason") return row.status_reason;
  return row[field];
}

// `now` gives what a running version says of itself, for what has no result yet.
function cellOf(field, now) {
  if (field === "status") return (row) => statusMark(row.status, row.status_reason);
  if (field === "duration") return (row) => duration(valueOf(row, field));
  if (["created", "started", "ended"].includes(field)) {
    return (row) => ago(valueOf(row, field));
  }
  if (field === "parent") {
    return (row) => row.parent && versionLink(row.parent);
  }
  const known = (row) => valueOf(row, field) ?? now(row.reference)?.[field];
  if (FIGURES.has(field)) return (row) => figure(known(row));
  return (row) => {
    const value = known(row);
    return typeof value === "number" ? number(value) : setting(value);
  };
}

function columnFor(field, now) {
  const title = field.replace(/^(hyperparameters|metrics)\./, "");
  return {key: field, title, sortable: true, cell: cellOf(field, now),
          numeric: (row) => typeof valueOf(row, field) === "number",
          width: WIDTHS[field] ?? Math.max(92, 40 + 8 * title.length)};
}

function kept() {
  try {
    return JSON.parse(localStorage.getItem("mat-columns"));
  } catch {
    return null;
  }
}

function keep(columns) {
  try {
    localStorage.setItem("mat-columns", JSON.stringify(columns));
  } catch {
    // The address still has them.
  }
}

function pickColumns(fields, chosen, apply) {
  const order = [...chosen];
  const list = h("ul", {class: "picker"});
  const find = h("input", {type: "search", placeholder: "Find a field",
                           "aria-label": "Find a field", oninput: () => draw()});
  const draw = () => {
    const text = find.value.trim().toLowerCase();
    const all = [...order, ...fields.filter((f) => !order.includes(f))];
    replace(list, all.filter((f) => f.toLowerCase().includes(text)).map((field) => {
      const at = order.indexOf(field);
      const box = h("input", {type: "checkbox", checked: at >= 0, onchange: () => {
        if (box.checked) order.push(field);
        else order.splice(order.indexOf(field), 1);
        apply(order);
        draw();
        list.querySelector(`[data-field="${CSS.escape(field)}"]`)?.focus();
      }, "data-field": field});
      const move = (by, sign, words) => h("button", {
        type: "button", class: "quiet small", "aria-label": `${field} ${words}`,
        disabled: at + by < 0 || at + by >= order.length,
        onclick: () => {
          order.splice(at, 1);
          order.splice(at + by, 0, field);
          apply(order);
          draw();
        }}, sign);
      return h("li", {}, h("label", {}, box, field),
               at >= 0 && h("span", {}, move(-1, "↑", "earlier"), move(1, "↓", "later")));
    }));
  };
  draw();
  openDialog({title: "Columns", content: [
    find, list,
    h("div", {class: "buttons"}, h("button", {type: "button", onclick: () => {
      order.splice(0, order.length, ...USUAL);
      apply(order);
      draw();
    }}, "The usual ones")),
  ]});
}

// Returns {node, refresh(), live(), close()}. `job`: "" for all.
export function versionsTable({job, query, tall}) {
  let fields = [];
  let filter = query.get("filter") ?? "";
  let columns = query.get("columns")?.split(",").filter(Boolean) ?? kept() ?? USUAL;
  const chosenBar = h("div", {class: "chosen", hidden: true, role: "region",
                              "aria-label": "Chosen versions"});

  let running = new Map();
  const column = (field) => columnFor(field, (name) => running.get(name));
  const reference = {key: "reference", title: "version", width: 150,
                     cell: (row) => versionLink(row.reference)};
  const table = new VirtualTable({
    label: job ? `Versions of ${job}` : "Versions",
    columns: [reference, ...columns.map(column)],
    keyOf: (row) => row.reference,
    open: (row) => navigate(to.version(row.reference)),
    sort: query.get("sort") ?? "",
    sorted: (sort) => setQuery({sort}),
    failed: (error) => box.tell(error),
    empty: "No version matches.",
    fetchPage: async (offset, limit, signal) => {
      const answer = await get("versions", {job, filter, sort: table.sort, limit, offset,
                                            columns: columns.join(",")}, signal);
      return {rows: answer.versions, total: answer.total};
    },
    select: (chosen) => drawChosen(chosen),
  });
  if (tall) table.node.classList.add("tall");

  const box = filterBox({
    value: filter, fields: () => fields, label: "Filter versions",
    example: "Filter: accuracy > 0.9 and not status = Failed",
    apply: (text) => {
      if (text === filter) return;
      filter = text;
      setQuery({filter});
      table.reset();
    },
  });

  const drawChosen = (chosen) => {
    chosenBar.hidden = chosen.size === 0;
    const references = [...chosen];
    replace(chosenBar, h("span", {role: "status"}, `${chosen.size} chosen`),
            h("a", {href: to.compare(references), class: "button primary"}, "Compare"),
            h("button", {type: "button", onclick: () => visualize(references)}, "TensorBoard"),
            h("button", {type: "button", class: "quiet", onclick: () => table.clearChosen()},
              "Choose none"));
  };

  const known = (async () => {
    fields = (await get("version-fields", {job})).fields;
  })();
  known.catch(() => {});
  const pick = h("button", {type: "button", onclick: async () => {
    await known.catch(() => {});
    pickColumns(fields, columns, (order) => {
      columns = [...order];
      keep(columns);
      setQuery({columns: columns.join(",")});
      table.setColumns([reference, ...columns.map(column)]);
      table.refresh();
    });
  }}, "Columns…");

  table.request(0);
  return {
    node: [h("div", {class: "tools"}, box.node, pick, table.note), chosenBar, table.node],
    refresh: () => table.refresh(),
    live: ({versions}) => {
      const text = JSON.stringify([...running]);
      running = liveFigures(versions);
      if (JSON.stringify([...running]) !== text) table.draw();
    },
    close: () => table.close(),
    table,
  };
}
