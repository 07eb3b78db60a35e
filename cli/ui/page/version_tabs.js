// The parts of a version's page. Each is async ({v, query, signal}) → {node, refresh?, live?,
// shown?, close?}.

import {address, get} from "./api.js";
import {curvesPanel, isDeviation} from "./curves.js";
import {centreSideways, h, replace} from "./dom.js";
import {evaluationParts} from "./evaluation.js";
import {throttledWhileVisible} from "./events.js";
import {bytes, figure, number, setting} from "./format.js";
import {keptEvaluations} from "./kept_evaluations.js";
import {lineage} from "./lineage.js";
import {logView} from "./log_view.js";
import {empty, isActive, plainTable, problem, section, statusMark} from "./parts.js";
import {when} from "./times.js";

export {picturesTab} from "./version_pictures.js";

function settingsTable(v) {
  const all = Object.entries(v.settings ?? {});
  const own = all.filter(([, s]) => !["algorithm", "default"].includes(s.source));
  const place = h("div", {});
  const box = h("input", {type: "checkbox", onchange: () => draw()});
  const draw = () => replace(place, plainTable("Parameters", [
    ["setting", ([key]) => h("code", {}, key)],
    ["value", ([, s]) => setting(s.value), "long"],
    ["from", ([, s]) => h("span", {class: ["algorithm", "default"].includes(s.source) ? "dim" : ""},
                          s.source)],
  ], box.checked ? own : all));
  draw();
  return [h("label", {class: "inline"}, box, " Only what was chosen for it"), place];
}

function flat(value, prefix = "") {
  return Object.entries(value ?? {}).flatMap(([key, one]) =>
    one !== null && typeof one === "object" && !Array.isArray(one)
      ? flat(one, `${prefix}${key}.`) : [[`${prefix}${key}`, one]]);
}

export async function summaryTab({v}) {
  const place = h("div", {});
  let drawn = "";
  const refresh = (now) => {
    const text = JSON.stringify([now.metrics, now.history, now.settings]);
    if (text === drawn) return;
    drawn = text;
    // Of several seeds the mean and, in a metric of its own, how far they are from it.
    const deviation = (name) => now.metrics?.[`${name}_deviation`]?.best;
    const metrics = Object.entries(now.metrics ?? {}).filter(([name]) =>
      !isDeviation(name, Object.keys(now.metrics)));
    replace(place,
      h("div", {class: "columns roomy"},
        section("Parameters", settingsTable(now)),
        h("div", {},
          metrics.length > 0 && section("Metrics", plainTable("Metrics", [
            ["metric", ([name]) => name],
            ["best", ([name, m]) => [number(m.best), deviation(name) !== undefined &&
                                     h("span", {class: "dim"}, ` ± ${number(deviation(name), 3)}`)],
             "number"],
            ["at step", ([, m]) => m.best_step, "number"],
            ["last", ([, m]) => number(m.last), "number"],
            ["min", ([, m]) => number(m.min), "number"],
            ["max", ([, m]) => number(m.max), "number"],
          ], metrics)),
          section("Status history", plainTable("Status history", [
            ["time", (c) => when(c.time)],
            ["status", (c) => statusMark(c.status)],
            ["reason", (c) => c.reason, "long"],
          ], now.history ?? [])),
          seedsBlock(now.evaluation))),
      h("details", {class: "block"}, h("summary", {}, "Recorded: machine, data, code, environment"),
        plainTable("Recorded", [
          ["fact", ([key]) => h("code", {}, key)],
          ["value", ([, value]) => setting(value), "long"],
        ], flat(now.facts).filter(([, value]) => value !== null))));
  };
  refresh(v);
  return {node: place, refresh};
}

function seedsBlock(evaluation) {
  const seeds = evaluation?.seeds;
  if (!Array.isArray(seeds) || seeds.length === 0) return null;
  return section("Seeds", plainTable("Seeds", [
    ["seed", (s) => [s.seed, s.seed === evaluation.best_seed && " (best)"]],
    ...["accuracy", "precision", "recall", "f1", "loss"].filter((key) => key in seeds[0]).map(
      (key) => [key, (s) => figure(s[key]), "number"]),
  ], seeds));
}

export async function curvesTab({v, query, signal}) {
  const panel = curvesPanel({references: [v.reference], query, signal});
  const soon = throttledWhileVisible(1000, panel.refresh);
  let points = -1;
  return {
    node: panel.node,
    shown: panel.refresh,
    live: (now) => {
      if (now && now.points_bytes !== points) soon();
      if (!now && points >= 0) soon();
      points = now ? now.points_bytes : -1;
    },
    close: () => {
      soon.stop();
      panel.close();
    },
  };
}

export async function evaluationTab({v, query, signal}) {
  const place = h("div", {});
  const kept = keptEvaluations({reference: `version:${v.reference}`, query, signal,
                                own: "its validation"});
  let drawn = "";
  const refresh = async (now) => {
    await kept.refresh(now.evaluations ?? []);
    const text = JSON.stringify(now.evaluation);
    if (text === drawn) return;
    drawn = text;
    if (!kept.isOne) {
      replace(place, now.evaluation ? evaluationParts(now) : empty("No evaluation yet."));
    }
  };
  await refresh(v);
  return {node: [place, kept.node], refresh};
}

export async function logTab({v, signal}) {
  const log = logView({of: {ref: v.reference}, running: isActive(v.status), signal});
  const soon = throttledWhileVisible(500, log.more);
  return {node: log.node, shown: log.more, refresh: log.more, live: soon, close: soon.stop};
}

export async function filesTab({v}) {
  const place = h("div", {});
  const refresh = (now) => replace(place,
    h("p", {class: "dim"}, "In ", h("code", {class: "path"}, now.folder)),
    (now.artifacts ?? []).length === 0 ? empty("No files.") : plainTable("Files", [
      ["file", (a) => h("a", {href: address("artifact", {ref: now.reference, path: a.path}),
                              download: a.path.split("/").pop()}, a.path)],
      ["size", (a) => bytes(a.bytes), "number"],
    ], now.artifacts),
    now.artifacts_total > (now.artifacts ?? []).length && h("p", {class: "dim"},
      `showing ${now.artifacts.length} of ${now.artifacts_counted ? "" : "more than "}` +
      `${now.artifacts_total} files`));
  refresh(v);
  return {node: place, refresh};
}

export async function lineageTab({v, signal}) {
  const place = h("div", {});
  const draw = async () => {
    try {
      const graph = await lineage(`version:${v.reference}`, signal);
      const before = place.querySelector(".scroll");
      if (before && place.textContent === graph.textContent) return;
      const left = before?.scrollLeft;
      replace(place, graph);
      if (before) graph.scrollLeft = left;
      else centreSideways(graph, graph.querySelector(".start"));
    } catch (error) {
      if (error.name !== "AbortError") replace(place, problem(error));
    }
  };
  await draw();
  return {node: place, refresh: draw};
}
