// What `mat evaluate` has kept with a version or a model: a list, and one of them whole.

import {get} from "./api.js";
import {h, replace} from "./dom.js";
import {evaluationParts, interval} from "./evaluation.js";
import {figure, number} from "./format.js";
import {facts, plainTable, problem, section} from "./parts.js";
import {here} from "./router.js";
import {ago, when} from "./times.js";

function withInterval(row, name) {
  const pair = row.intervals?.[name];
  return [(name === "rmse" ? number : figure)(row[name]),
          pair && h("span", {class: "dim"}, ` (${interval(pair)})`)];
}

function list(rows, chosen, own) {
  const figures = ["accuracy", "f1", "rmse", "r2"].filter((name) =>
    rows.some((row) => typeof row[name] === "number"));
  const current = (name) => (name === chosen ? "true" : null);
  return section("Evaluations of other data",
    plainTable("Evaluations of other data", [
      ["evaluation", (row) => h("a", {href: here({evaluation: row.name}), class: "name",
                                      "aria-current": current(row.name)}, row.name)],
      ["data", (row) => h("span", {class: "path"}, row.data), "long"],
      ["part", (row) => row.part],
      ["samples", (row) => row.samples, "number"],
      ...figures.map((name) => [name, (row) => withInterval(row, name), "number"]),
      ["time", (row) => ago(row.created)],
    ], rows, (row) => (row.name === chosen ? "chosen-row" : null)),
    chosen && own && h("p", {}, h("a", {href: here({evaluation: null})}, `Show ${own}`)));
}

// How much of what was measured the model knew before; nothing when it knew none.
function knownText(evaluation, key) {
  const known = (evaluation.pictures ?? evaluation.rows)?.[key] ?? 0;
  return known > 0 && `${known} of them`;
}

// `reference` says whose ("version:JOB@V0001"); `own` what is shown while none of them is chosen.
// Returns {node, isOne, refresh(names)}.
export function keptEvaluations({reference, query, signal, own}) {
  const place = h("div", {});
  const chosen = query.get("evaluation");
  let drawn = "";
  const refresh = async (names) => {
    const text = JSON.stringify(names);
    if (text === drawn) return;
    drawn = text;
    if (names.length === 0 && !chosen) return;
    try {
      const [listed, one] = await Promise.all([
        get("evaluations", {ref: reference}, signal),
        chosen ? get("evaluations", {ref: reference, name: chosen}, signal) : null]);
      replace(place, list(listed.evaluations ?? [], chosen, own),
              one && section(`Evaluation ${one.name}`,
                             facts([["data", h("span", {class: "path"}, one.data ?? "")],
                                    ["part", one.part],
                                    ["learnt from", knownText(one, "learnt_from")],
                                    ["validated on", knownText(one, "validated_on")],
                                    ["time", when(one.created)]]),
                             evaluationParts({evaluation: one, reference: one.model})));
    } catch (error) {
      if (error.name !== "AbortError") replace(place, problem(error));
    }
  };
  return {node: place, isOne: Boolean(chosen), refresh};
}
