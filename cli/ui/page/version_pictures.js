// The pictures of a version: its answers, the most wrong first, and labels that look wrong.

import {get} from "./api.js";
import {freshId, h, replace} from "./dom.js";
import {isTable} from "./evaluation.js";
import {count, figure} from "./format.js";
import {gallery, pager, scoreBars} from "./gallery.js";
import {empty, problem} from "./parts.js";
import {setQuery} from "./router.js";

const LIMIT = 60;

export async function picturesTab({v, query, signal}) {
  const state = {
    list: query.get("list") ?? (v.has_predictions ? "predictions" : "suspects"),
    label: query.get("label") ?? "", predicted: query.get("predicted") ?? "",
    wrong: query.has("wrong") ? query.get("wrong") !== "0"
                              : !query.has("label") && !query.has("predicted"),
    order: query.get("order") ?? "surest", offset: Number(query.get("offset") ?? 0),
  };
  const place = h("div", {});
  const kind = isTable(v) ? "row" : "picture";
  const hasTemperature = typeof v.evaluation?.calibration?.temperature === "number";
  const labels = v.evaluation?.confusion_matrix?.labels ??
    v.evaluation?.classes?.map((c) => c.name) ?? [];

  const keep = () => setQuery({list: state.list === "suspects" ? "suspects" : null,
                               label: state.label, predicted: state.predicted,
                               wrong: state.wrong ? "1" : "0", order: state.order === "file"
                                 ? "file" : null, offset: state.offset || null});

  const predictions = async () => {
    const {rows, total} = await get("predictions", {
      ref: v.reference, label: state.label, predicted: state.predicted,
      wrong: state.wrong ? 1 : null, order: state.order, limit: LIMIT, offset: state.offset,
    }, signal);
    return [rows.map((r) => ({
      source: {ref: v.reference, list: "predictions", index: r.index}, file: r.file ?? r.row ?? "",
      what: isTable(v) ? "Answer" : null,
      kind: r.label === r.predicted ? "good" : "bad",
      title: [h("b", {}, r.label),
              r.label === r.predicted ? " ✓" : [" → ", h("b", {}, r.predicted)],
              h("span", {class: "dim"}, ` ${figure(r.score)}`)],
      about: () => [h("p", {}, "Its label: ", h("b", {}, r.label)),
                    h("p", {}, "Answered: ", h("b", {}, r.predicted),
                      r.label === r.predicted ? " ✓ right" : " ✕ wrong"),
                    scoreBars(r.scores, r.label)],
    })), total];
  };

  const suspects = async () => {
    const {rows, total} = await get("suspects", {ref: v.reference, limit: LIMIT,
                                                 offset: state.offset}, signal);
    return [rows.map((r) => ({
      source: {ref: v.reference, list: "suspects", index: r.index}, file: r.file ?? r.row ?? "",
      kind: "doubt",
      title: [h("b", {}, r.label), " or ", h("b", {}, r.looks_like), "?",
              h("span", {class: "dim"}, ` ${figure(r.suspicion)}`)],
      about: () => [h("p", {}, "Its label: ", h("b", {}, r.label)),
                    h("p", {}, "Looks like: ", h("b", {}, r.looks_like)),
                    h("p", {class: "dim"}, `Suspicion ${figure(r.suspicion)}: how much more it ` +
                                           "looks like the other class than like its own.")],
    })), total];
  };

  const load = async () => {
    try {
      const [items, total] = await (state.list === "suspects" ? suspects() : predictions());
      const go = (offset) => {
        state.offset = offset;
        keep();
        load();
        place.scrollIntoView({block: "nearest"});
      };
      replace(place, total === 0 ? empty(`No ${kind} of that kind.`)
        : [h("p", {class: "dim", role: "status"}, count(total, kind),
             state.list === "predictions" && hasTemperature &&
               ". Scores are before calibration, unlike those of predict and evaluate."),
           gallery(items, isTable(v) ? "Rows" : "Pictures"),
           pager(total, state.offset, LIMIT, go)]);
    } catch (error) {
      if (error.name !== "AbortError") replace(place, problem(error));
    }
  };

  const change = (values) => {
    Object.assign(state, values, {offset: 0});
    keep();
    drawTools();
    load();
  };
  const choose = (name, value, key, choices) => {
    const id = freshId("choose");
    const select = h("select", {id, onchange: () => change({[key]: select.value})},
      choices.map(([text, words]) => h("option", {value: text, selected: text === value}, words)));
    return h("div", {class: "field inline"}, h("label", {for: id}, name), select);
  };
  const tools = h("div", {class: "tools"});
  const drawTools = () => {
    const wrongId = freshId("wrong");
    const wrong = h("input", {id: wrongId, type: "checkbox", checked: state.wrong,
                              onchange: () => change({wrong: wrong.checked})});
    const names = [["", "any"], ...labels.map((label) => [label, label])];
    replace(tools,
      v.has_predictions && v.has_suspects && choose("Show", state.list, "list", [
        ["predictions", "answers"], ["suspects", "suspicious labels"]]),
      state.list === "predictions" && [
        choose("Label", state.label, "label", names),
        choose("Answer", state.predicted, "predicted", names),
        choose("Order", state.order, "order", [["surest", "surest first"], ["file", "by file"]]),
        h("div", {class: "field inline"}, wrong, h("label", {for: wrongId}, "Only wrong ones")),
      ]);
  };
  drawTools();
  await load();
  return {node: [tools, place]};
}
