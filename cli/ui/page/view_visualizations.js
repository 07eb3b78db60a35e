// /visualizations: TensorBoard on versions.

import {get} from "./api.js";
import {deleteVisualization, stopVisualization} from "./actions.js";
import {h, replace} from "./dom.js";
import {time} from "./format.js";
import {empty, heading, isActive, plainTable, statusMark, versionLink} from "./parts.js";
import {addressLink} from "./view_services.js";

export async function view({signal}) {
  const place = h("div", {});
  const refresh = async () => {
    const answer = await get("visualizations", {}, signal);
    const list = answer.visualizations ?? answer.viz ?? [];
    replace(place, list.length === 0
      ? empty("TensorBoard on nothing now. Choose versions in a table, or a version's page, and " +
              "press TensorBoard.")
      : plainTable("Visualizations", [
          ["name", (v) => h("span", {class: "name"}, v.name)],
          ["status", (v) => statusMark(v.status, v.reason)],
          ["versions", (v) => (v.references ?? v.versions ?? []).map((r, i) =>
            [i ? ", " : "", versionLink(r.reference ?? r)])],
          ["address", addressLink],
          ["started", (v) => time(v.started ?? v.created)],
          ["", (v) => h("button", {
            type: "button", class: `small ${isActive(v.status) ? "" : "danger"}`,
            "aria-label": `${isActive(v.status) ? "Stop" : "Delete"} ${v.name}`,
            onclick: () => (isActive(v.status) ? stopVisualization : deleteVisualization)(v.name),
          }, isActive(v.status) ? "Stop…" : "Delete…")],
        ], list));
  };
  await refresh();
  return {title: "Visualizations", content: [heading("Visualizations"), place], refresh};
}
