// The curves of one or several versions: a chart for each metric, training and validation together.

import {get} from "./api.js";
import {LineChart, colour, pointsOf} from "./chart.js";
import {debounced, freshId, h, replace} from "./dom.js";
import {number} from "./format.js";
import {empty, plainTable, problem} from "./parts.js";
import {setQuery} from "./router.js";

const PART = /^(train(?:ing)?|val(?:id(?:ation)?)?|test|eval(?:uation)?)[_\/]/;
// These come first.
const FIRST = ["loss", "accuracy", "f1", "precision", "recall"];

// "seed7/train_loss" → {group: "loss", part: "train", seed: "seed7"}.
export function splitMetric(metric) {
  const seed = /^(seed\d+)\//.exec(metric)?.[1] ?? "";
  const rest = seed ? metric.slice(seed.length + 1) : metric;
  const part = PART.exec(rest)?.[1] ?? "";
  return {seed, part, group: part ? rest.slice(part.length + 1) : rest};
}

// Whether it only says how far the seeds are apart in another one of these metrics.
export function isDeviation(metric, metrics) {
  return metric.endsWith("_deviation") && metrics.includes(metric.slice(0, -"_deviation".length));
}

// `references` share colours by their order; returns {node, refresh(), close()}.
export function curvesPanel({references, query, signal}) {
  const several = references.length > 1;
  const state = {
    smooth: Number(query.get("smooth") ?? 0) || 0,
    x: ["step", "epoch", "time"].includes(query.get("x")) ? query.get("x") : "step",
    log: query.get("log") === "1",
    from: query.has("from") ? Number(query.get("from")) : null,
    to: query.has("to") ? Number(query.get("to")) : null,
    hidden: new Set(query.getAll("hide")),
  };
  const charts = new Map();
  const place = h("div", {class: "charts"});
  const trouble = h("div", {});
  const legend = h("div", {class: "legend", role: "group", "aria-label": "Versions"});
  let data = [];

  const keep = () => setQuery({smooth: state.smooth || null, x: state.x === "step" ? null : state.x,
                               log: state.log ? "1" : null, from: state.from, to: state.to,
                               hide: [...state.hidden]});

  const load = async () => {
    const points = Math.max(300, Math.min(1500, Math.round((place.clientWidth || 900))));
    const answers = await Promise.allSettled(references.map((ref) => get("curves", {
      ref, x: state.x, from: state.from, to: state.to, points}, signal)));
    const failed = answers.filter((one) => one.status === "rejected").map((one) => one.reason);
    if (failed.some((error) => error.name === "AbortError")) throw failed[0];
    data = answers.map((one) => one.value ?? {curves: []});
    replace(trouble, failed.map(problem));
  };

  const grouped = () => {
    const groups = new Map();
    data.forEach((one, v) => {
      const metrics = one.curves.map((curve) => curve.metric);
      for (const curve of one.curves) {
        if (isDeviation(curve.metric, metrics)) continue;
        const {group, part, seed} = splitMetric(curve.metric);
        if (!groups.has(group)) groups.set(group, []);
        groups.get(group).push({...curve, part, seed, v, reference: references[v]});
      }
    });
    for (const list of groups.values()) {
      list.sort((a, b) => a.v - b.v || a.part.startsWith("train") - b.part.startsWith("train"));
    }
    const rank = (name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
    return [...groups].sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  };

  // What tells curves of a chart apart: the version by colour, else its parts and seeds.
  const dressed = (group, curves) => curves.map((c, i) => ({
    id: `${c.reference} ${c.metric}`, x: c.x, y: c.y, mean: c.mean, marks: c.marks, curve: c,
    name: several ? `${c.reference}${c.part || c.seed ? ` ${c.metric}` : ""}` : c.metric,
    kind: colour(several ? c.v : i),
    dash: c.part.startsWith("train") ? "5 3" : several && c.v >= 8 ? "1 3" : null,
    hidden: state.hidden.has(several ? c.reference : c.metric),
  }));

  const toggle = (name) => {
    if (state.hidden.has(name)) state.hidden.delete(name);
    else state.hidden.add(name);
    keep();
    draw();
  };

  const legendButton = (name, kind, dash, hidden, key) => h("button", {
    type: "button", class: "legend-item", "aria-pressed": !hidden, onclick: () => {
      toggle(key);
    }}, h("i", {class: `key ${kind}${dash ? " dashed" : ""}`}), name);

  const makeChart = (group) => {
    const chart = new LineChart({title: group, zoomed: (from, to) => zoom(from, to)});
    const own = h("div", {class: "legend", role: "group", "aria-label": `Curves of ${group}`});
    const table = h("div", {});
    const details = h("details", {class: "values", ontoggle: () => drawTable(group)},
                      h("summary", {}, "Values"), table);
    const node = h("section", {class: "chart-card", "aria-label": group},
                   h(several ? "h3" : "h2", {}, group), own, chart.node, details);
    const made = {chart, own, table, details, node, curves: []};
    charts.set(group, made);
    return made;
  };

  const drawTable = (group) => {
    const {table, details, curves} = charts.get(group);
    if (!details.open) return;
    replace(table, plainTable(`Values of ${group}`, [
      ["curve", (c) => c.name],
      ["last", (c) => number(pointsOf(c).at(-1)?.y, 6), "number"],
      ["lowest", (c) => c.y.length && number(c.y.reduce((a, b) => Math.min(a, b)), 6), "number"],
      ["highest", (c) => c.y.length && number(c.y.reduce((a, b) => Math.max(a, b)), 6), "number"],
      ["points", (c) => c.curve.count, "number"],
      ["no numbers", (c) => (c.marks ?? []).reduce((sum, m) => sum + (m.count ?? 1), 0), "number"],
    ], curves));
  };

  const draw = () => {
    const groups = grouped();
    const names = groups.map(([group]) => group);
    for (const [group, made] of charts) {
      if (names.includes(group)) continue;
      made.chart.close();
      made.node.remove();
      charts.delete(group);
    }
    if (groups.length === 0) {
      replace(place, empty("No metric has been recorded yet."));
      charts.clear();
      return;
    }
    place.querySelector(".empty")?.remove();
    groups.forEach(([group, curves], i) => {
      const made = charts.get(group) ?? makeChart(group);
      if (place.children[i] !== made.node) place.insertBefore(made.node, place.children[i] ?? null);
      made.curves = dressed(group, curves);
      if (!several) {
        replace(made.own, made.curves.map((c) =>
          legendButton(c.name, c.kind, c.dash, c.hidden, c.curve.metric)));
      }
      made.chart.set(made.curves, state);
      drawTable(group);
    });
    if (several) {
      replace(legend, references.map((name, v) =>
        legendButton(name, colour(v), false, state.hidden.has(name), name)),
              groups.some(([, list]) => list.some((c) => c.part.startsWith("train"))) &&
                h("span", {class: "dim"}, "dashed: training"));
    }
    reset.hidden = state.from === null && state.to === null;
  };

  const refresh = async () => {
    try {
      await load();
      draw();
    } catch (error) {
      if (error.name !== "AbortError") replace(trouble, problem(error));
    }
  };

  const zoom = (from, to) => {
    state.from = from ?? null;
    state.to = to ?? null;
    if (state.x === "step" && from !== undefined) {
      state.from = Math.floor(from);
      state.to = Math.ceil(to);
    }
    keep();
    draw();
    return refresh();
  };

  const smoothId = freshId("smooth");
  const xId = freshId("x");
  const logId = freshId("log");
  const smoothText = h("output", {for: smoothId}, state.smooth.toFixed(2));
  const redraw = debounced(15, draw);
  const smooth = h("input", {id: smoothId, type: "range", min: "0", max: "0.99", step: "0.01",
                             oninput: () => {
    state.smooth = Number(smooth.value);
    smoothText.textContent = state.smooth.toFixed(2);
    keep();
    redraw();
  }});
  smooth.value = state.smooth;
  const x = h("select", {id: xId, onchange: () => {
    state.x = x.value;
    zoom();
  }}, ["step", "epoch", "time"].map((kind) => h("option", {value: kind,
                                                           selected: kind === state.x}, kind)));
  const log = h("input", {id: logId, type: "checkbox", checked: state.log, onchange: () => {
    state.log = log.checked;
    keep();
    draw();
  }});
  const reset = h("button", {type: "button", hidden: true, onclick: () => zoom()}, "Whole range");

  return {
    node: [
      h("div", {class: "tools chart-tools"},
        h("div", {class: "field inline"}, h("label", {for: smoothId}, "Smoothing"), smooth,
          smoothText),
        h("div", {class: "field inline"}, h("label", {for: xId}, "Along"), x),
        h("div", {class: "field inline"}, log, h("label", {for: logId}, "Logarithmic")),
        reset, h("span", {class: "dim wide-only"}, "Drag over a chart to zoom, double-click to " +
                                                   "see all.")),
      several && legend, trouble, place],
    refresh,
    close: () => {
      for (const {chart} of charts.values()) chart.close();
    },
  };
}
