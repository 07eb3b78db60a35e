// /visualizations: TensorBoard on versions.

import {get} from "./api.js";
import {deleteVisualization, startVisualization, stopVisualization} from "./actions.js";
import {h, replace} from "./dom.js";
import {empty, heading, isActive, plainTable, statusMark, versionLink} from "./parts.js";
import {ago} from "./times.js";
import {addressLink} from "./view_services.js";

const button = (name, text, kind, act) => h("button", {
  type: "button", class: `small ${kind}`, "aria-label": `${text} ${name}`, onclick: () => act(name),
}, `${text}…`);

export async function view({signal}) {
  const place = h("div", {});
  const refresh = async () => {
    const answer = await get("visualizations", {limit: 0}, signal);
    const list = answer.visualizations;
    replace(place, list.length === 0
      ? empty("TensorBoard on nothing now. Choose versions in a table, or a version's page, and " +
              "press TensorBoard.")
      : plainTable("Visualizations", [
          ["name", (v) => h("span", {class: "name"}, v.name)],
          ["status", (v) => statusMark(v.status)],
          ["versions", (v) => v.versions.map((r, i) => [i ? ", " : "", versionLink(r)])],
          ["address", addressLink],
          ["started", (v) => ago(v.started ?? v.created)],
          ["reason", (v) => v.reason, "long"],
          ["", (v) => (isActive(v.status) ? button(v.name, "Stop", "", stopVisualization)
            : [button(v.name, "Start", "", startVisualization), " ",
               button(v.name, "Delete", "danger", deleteVisualization)])],
        ], list));
  };
  await refresh();
  return {title: "Visualizations", content: [heading("Visualizations"), place], refresh};
}
