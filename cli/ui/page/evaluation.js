// What a version can do: figures, classes, the confusion matrix.

import {h, svg} from "./dom.js";
import {figure, number} from "./format.js";
import {confusionMatrix} from "./matrix.js";
import {bar, plainTable, section} from "./parts.js";
import {to} from "./router.js";

const FIGURES = ["accuracy", "precision", "recall", "f1"];

export function interval(pair) {
  return pair ? `${figure(pair[0])} to ${figure(pair[1])}` : "";
}

// A figure, with how far it may be off.
function figureCard(e, name) {
  const pair = e.intervals?.[name];
  return h("li", {}, h("span", {class: "dim"}, name), h("b", {}, figure(e[name])),
           e.deviation?.[name] !== undefined && h("span", {class: "dim"},
                                                  `± ${figure(e.deviation[name])}`),
           pair && h("span", {class: "interval", style: {"--from": pair[0], "--to": pair[1],
                                                         "--at": e[name]}}),
           pair && h("span", {class: "dim"}, interval(pair)));
}

function reliability(calibration) {
  const bins = (calibration?.reliability ?? []).filter((b) => b.count > 0);
  if (bins.length === 0) return null;
  const most = Math.max(...bins.map((b) => b.count));
  const picture = svg("svg", {class: "reliability", viewBox: "0 0 220 220", role: "img",
                              "aria-label": "How sure answers are against how often they are " +
                                            "right; the table below has the values"},
    svg("rect", {x: 20, y: 10, width: 190, height: 190, class: "frame"}),
    svg("line", {x1: 20, y1: 200, x2: 210, y2: 10, class: "hair"}),
    bins.map((b) => svg("circle", {cx: 20 + 190 * b.confidence, cy: 200 - 190 * b.accuracy,
                                   r: 3 + 6 * Math.sqrt(b.count / most), class: "dot k0"})),
    svg("text", {x: 115, y: 216, "text-anchor": "middle"}, "sure"),
    svg("text", {x: 12, y: 105, "text-anchor": "middle",
                 transform: "rotate(-90 12 105)"}, "right"));
  return section("Calibration",
    h("p", {class: "dim"}, `Error ${figure(calibration.error_before)}, the mean distance of how ` +
      "sure answers are from how often they are right; after scaling by the temperature " +
      `${number(calibration.temperature)}: ${figure(calibration.error_after)}` +
      (calibration.fitted_here ? ", where the temperature was found on one half of the " +
        "validation pictures and the error measured on the other half, and the other way round."
        : ".")),
    picture,
    h("details", {}, h("summary", {}, "Values"), plainTable("Calibration", [
      ["sure", (b) => figure(b.confidence), "number"],
      ["right", (b) => figure(b.accuracy), "number"],
      ["answers", (b) => b.count, "number"],
    ], bins)));
}

// Answers that are classes, to be looked at one by one; of numbers there are only the most wrong.
export const hasAnswers = (v) => v.has_predictions && !("rmse" in (v.evaluation ?? {}));

// Rows of a table, not pictures.
export const isTable = (v) => Array.isArray(v.facts?.dataset?.columns);

function largestErrors(e) {
  if (!("rmse" in e) || !e.worst?.length) return null;
  return section("Largest errors", plainTable("Largest errors", [
    ["row", (row) => row.file ?? row.row],
    ["target", (row) => number(row.target), "number"],
    ["answer", (row) => number(row.predicted), "number"],
    ["error", (row) => number(row.error), "number"],
  ], e.worst.slice(0, 20)));
}

export function evaluationParts(v) {
  const e = v.evaluation;
  const pictures = hasAnswers(v)
    ? (label, predicted) => to.version(v.reference, {tab: "pictures", label, predicted}) : null;
  const classes = e.classes ?? [];
  return [
    h("ul", {class: "figures"}, FIGURES.filter((name) => typeof e[name] === "number")
      .map((name) => figureCard(e, name)),
      ["loss", "rmse", "mae", "r2"].filter((name) => typeof e[name] === "number").map((name) =>
        h("li", {}, h("span", {class: "dim"}, name), h("b", {}, number(e[name]))))),
    h("p", {class: "dim"}, e.samples && `On ${e.samples} ${e.data ? "" : "validation "}samples; ` +
                                        "intervals are 95 %.",
      pictures && [" ", h("a", {href: to.version(v.reference, {tab: "pictures"})},
                          "The answers that are most wrong")]),
    largestErrors(e),
    h("div", {class: "columns"},
      classes.length > 0 && section("Classes", plainTable("Classes", [
        ["class", (c) => (pictures ? h("a", {href: to.version(v.reference, {
          tab: "pictures", label: c.name, wrong: "0"})}, c.name) : c.name)],
        ...["precision", "recall", "f1"].map((name) => [name, (c) => {
          const made = bar(c[name], figure(c[name]));
          if (c.intervals?.[name]) made.title = `95 %: ${interval(c.intervals[name])}`;
          return made;
        }]),
        ["samples", (c) => c.support, "number"],
      ], classes)),
      e.confusion_matrix && section("Confusion matrix", confusionMatrix(e.confusion_matrix,
                                                                       pictures))),
    h("div", {class: "columns"},
      reliability(e.calibration),
      e.thresholds?.length > 0 && section("Only answers that are sure", plainTable(
        "Only answers that are sure", [
          ["sure to", (t) => figure(t.threshold), "number"],
          ["answered", (t) => t.answered, "number"],
          ...["accuracy", "precision", "f1"].filter((name) => e.thresholds.some((t) => name in t))
            .map((name) => [name, (t) => (t.answered > 0 && figure(t[name])) || "–", "number"]),
        ], e.thresholds.filter((t, i) => i % 2 === 0)),
        h("p", {class: "dim"}, "Accuracy is of those answered. Precision and F1 are means over all " +
          "classes, where one without an answer counts 0 and what got none counts as missed."))),
    e.top_k && section("Among the first answers", plainTable("Among the first answers", [
      ["the first", ([k]) => k, "number"], ["right", ([, share]) => figure(share), "number"],
    ], Object.entries(e.top_k))),
  ];
}
