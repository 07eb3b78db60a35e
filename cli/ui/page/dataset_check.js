// Looking at every picture of a dataset, and what was found.

import {command, get} from "./api.js";
import {announce, h, replace} from "./dom.js";
import {count} from "./format.js";
import {gallery} from "./gallery.js";
import {commandLine, problem, section} from "./parts.js";

const SIGNS = {error: "✕", warning: "!", info: "i"};
const MOST_SHOWN = 24;
const PIECE = 500;

// Findings name pictures by their files; pictures are asked for by their places.
async function placesOf(dataset, signal) {
  const places = new Map();
  for (let offset = 0; ;) {
    const {rows, total} = await get("dataset-pictures", {name: dataset, limit: PIECE,
                                                         offset}, signal);
    for (const row of rows) places.set(row.file, row);
    offset += rows.length;
    if (rows.length === 0 || offset >= total) return places;
  }
}

function rowOf(places, root, file) {
  const whole = `${root}/${file}`;
  if (places.has(file)) return places.get(file);
  if (places.has(whole)) return places.get(whole);
  for (const [name, row] of places) if (name.endsWith(`/${file}`)) return row;
  return null;
}

function findingNode(finding, places, root, dataset) {
  const items = finding.pictures.slice(0, MOST_SHOWN).map((file) => {
    const row = rowOf(places, root, file);
    return {source: row ? {dataset, index: row.index} : {}, file: row ? file : `${file}\u200b`,
            title: [h("b", {}, row?.labels?.join(", ") ?? ""),
                    h("span", {class: "dim"}, ` ${file}`)],
            about: () => h("p", {}, finding.detail)};
  });
  return h("li", {}, h("p", {}, finding.subject && h("b", {}, `${finding.subject} `),
                        finding.detail, finding.pictures.length > MOST_SHOWN &&
                          h("span", {class: "dim"}, ` (${finding.pictures.length} pictures)`)),
           items.length > 0 && gallery(items, `Pictures: ${finding.detail}`));
}

// Returns {node, run()}.
export function checkPanel({dataset, signal}) {
  const place = h("div", {"aria-live": "polite"});
  let busy = false;

  const show = async (answer) => {
    const found = answer.result;
    const places = await placesOf(dataset, signal);
    const kinds = found.summary ?? [];
    announce(`Checked: ${count(kinds.length, "kind")} of findings`);
    replace(place, section("Check",
      h("p", {}, `Looked at ${count(found.pictures, "picture")}, ${found.readable} of them ` +
        "readable. ", kinds.length === 0 ? "✓ Nothing was found." : ""),
      kinds.map((kind) => {
        const findings = found.findings.filter((f) => f.kind === kind.kind);
        return h("details", {class: `finding ${kind.severity}`, open: kind.severity === "error"},
          h("summary", {}, h("span", {class: `severity ${kind.severity}`},
                             `${SIGNS[kind.severity] ?? "·"} ${kind.severity}`),
            h("b", {}, kind.kind.replaceAll("_", " ")),
            ` ${count(kind.findings, "finding")}`, h("span", {class: "dim"}, ` · ${kind.advice}`)),
          h("ul", {class: "findings"}, findings.slice(0, 50).map((finding) =>
            findingNode(finding, places, found.root, dataset))));
      }),
      commandLine(answer.command)));
  };

  const run = async () => {
    if (busy) return;
    busy = true;
    replace(place, section("Check", h("p", {role: "status"}, "Looking at every picture… "),
                           h("progress", {"aria-label": "Checking"})));
    try {
      await show(await command("check_dataset", {dataset}));
    } catch (error) {
      if (error.name !== "AbortError") replace(place, section("Check", problem(error)));
    } finally {
      busy = false;
    }
  };
  return {node: place, run};
}
