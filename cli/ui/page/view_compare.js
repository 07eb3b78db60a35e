// /compare?ref=A&ref=B: what differs between versions, and whether it is real.

import {get} from "./api.js";
import {visualize} from "./actions.js";
import {colour} from "./chart.js";
import {curvesPanel} from "./curves.js";
import {freshId, h, replace} from "./dom.js";
import {number, setting} from "./format.js";
import {empty, heading, problem, section, versionLink} from "./parts.js";
import {parallelCoordinates} from "./parallel.js";
import {navigate, setQuery, to} from "./router.js";

const PARTS = [["parameters", "Parameters"], ["metrics", "Metrics"]];
const MORE = [["data", "Data"], ["code", "Code"], ["environment", "Environment"]];
const MOST_AXES = 12;
const MOST_TEXTS = 20;
const LONGEST_TEXT = 60;

function diffTable(title, rows, references) {
  return h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": title},
    h("table", {class: "plain diff"},
      h("caption", {class: "unseen"}, title),
      h("thead", {}, h("tr", {}, h("th", {scope: "col"}, title.toLowerCase()),
        references.map((name, v) => h("th", {scope: "col"},
          h("i", {class: `key ${colour(v)}`}), versionLink(name))))),
      h("tbody", {}, rows.map((row) => h("tr", {class: row.differs ? "differs" : null},
        h("th", {scope: "row"}, h("code", {}, row.name)),
        row.values.map((value, v) => {
          const best = row.best?.includes(references[v]);
          const deviation = row.deviations?.[v];
          const text = typeof value === "number" ? number(value, 5) : setting(value);
          return h("td", {class: best ? "best" : null, title: best ? "the best" : null},
                   value === null || value === undefined ? h("span", {class: "dim"}, "–") : text,
                   typeof deviation === "number" && h("span", {class: "dim"},
                                                      ` ± ${number(deviation, 3)}`),
                   best && h("span", {"aria-label": "the best"}, " ★"));
        }))))));
}

// What differs, numbers by their size and anything else as texts; metrics are numbers. What cannot
// be told from a drawing is left out, with why.
function axesOf(diff) {
  const left = [];
  const axis = (row) => {
    const has = (value) => value !== null && value !== undefined;
    if (row.values.every((value) => !has(value) || Number.isFinite(value))) {
      return {name: row.name, isText: false, values: row.values.map((value) => value ?? null)};
    }
    const values = row.values.map((value) => (has(value) ? setting(value) : null));
    const count = new Set(values).size;
    const isLong = values.some((value) => value?.length > LONGEST_TEXT);
    if (!isLong && count <= MOST_TEXTS) return {name: row.name, isText: true, values};
    left.push([row.name, isLong ? "long texts" : `${count} texts`]);
    return null;
  };
  const metrics = diff.metrics.filter((row) => row.differs && row.values.some(Number.isFinite))
    .map((row) => ({name: row.name, isText: false,
                    values: row.values.map((value) => (Number.isFinite(value) ? value : null))}));
  const rank = ["accuracy", "f1", "loss", "precision", "recall"];
  metrics.sort((a, b) => (rank.indexOf(a.name) + 9) % 9 - (rank.indexOf(b.name) + 9) % 9);
  const parameters = diff.parameters.filter((row) => row.differs).map(axis).filter(Boolean);
  const most = MOST_AXES - Math.min(4, metrics.length);
  const axes = [...parameters.slice(0, most), ...metrics];
  for (const one of [...parameters.slice(most), ...axes.slice(MOST_AXES)]) {
    left.push([one.name, `more than ${MOST_AXES} axes`]);
  }
  return {axes: axes.slice(0, MOST_AXES), left};
}

function realDifference(list) {
  return section("Is the difference real?", h("ul", {class: "verdicts"}, list.map((one) =>
    h("li", {class: one.is_real ? "real" : "chance"},
      h("b", {}, one.is_real ? "✓ Real: " : "≈ Not shown: "), one.words))));
}

export async function view({query, signal}) {
  const asked = query.getAll("ref");
  const addId = freshId("add");
  const input = h("input", {id: addId, type: "text", placeholder: "JOB@V0003, JOB@best",
                            autocomplete: "off", spellcheck: "false"});
  const addForm = h("form", {class: "tools", onsubmit: (event) => {
    event.preventDefault();
    if (input.value.trim()) navigate(to.compare([...asked, ...input.value.trim().split(/[\s,]+/)]));
  }}, h("label", {for: addId}, "Add a version"), input, h("button", {type: "submit"}, "Add"));
  if (asked.length < 2) {
    return {title: "Compare", content: [heading("Compare"),
      empty("Choose two or more versions in a table of versions, and press Compare."),
      asked.length === 1 && h("p", {}, "Chosen: ", versionLink(asked[0])), addForm]};
  }
  let diff = await get("diff", {ref: asked}, signal);
  const references = diff.versions;
  let all = query.get("all") === "1";

  const tables = h("div", {});
  const others = h("div", {});
  const verdicts = h("div", {});
  const coordinates = h("div", {});
  const rowsOf = (key) => (diff[key] ?? []).filter((row) => all || row.differs);
  let parallel = null;
  const drawTables = () => {
    replace(tables, PARTS.map(([key, title]) => section(title, rowsOf(key).length === 0
      ? empty("The same in all.") : diffTable(title, rowsOf(key), references))));
    replace(others, MORE.filter(([key]) => rowsOf(key).length > 0).map(([key, title]) =>
      h("details", {class: "block"}, h("summary", {}, h("b", {}, title), " ",
        h("span", {class: "dim"}, all ? rowsOf(key).length : `${rowsOf(key).length} differ`)),
        diffTable(title, rowsOf(key), references))));
  };
  const drawAll = () => {
    drawTables();
    replace(verdicts, diff.real_difference?.length > 0 && realDifference(diff.real_difference));
    parallel?.close();
    parallel = parallelCoordinates({...axesOf(diff), names: references,
                                    open: (name) => navigate(to.version(name))});
    replace(coordinates, parallel && section("Parallel coordinates", parallel.node));
  };
  drawAll();
  const everything = h("input", {type: "checkbox", checked: all, onchange: () => {
    all = everything.checked;
    setQuery({all: all ? "1" : null});
    drawTables();
  }});

  const panel = curvesPanel({references, query, signal});
  const chips = h("ul", {class: "chips", "aria-label": "Versions compared"},
    references.map((name, v) => h("li", {},
      h("i", {class: `key ${colour(v)}`}), versionLink(name),
      references.length > 2 && h("button", {
        type: "button", class: "quiet small", "aria-label": `Leave out ${name}`,
        onclick: () => navigate(to.compare(references.filter((one) => one !== name)))}, "✕"))));
  return {
    title: `Compare ${references.join(", ")}`,
    content: [
      heading("Compare", h("div", {class: "actions"}, h("button", {
        type: "button", onclick: () => visualize(references)}, "TensorBoard…"))),
      chips, addForm,
      verdicts,
      h("label", {class: "inline"}, everything, " Also what is the same"),
      tables,
      section("Curves", panel.node),
      coordinates, others,
    ],
    shown: panel.refresh,
    refresh: async () => {
      const [newest] = await Promise.all([get("diff", {ref: asked}, signal), panel.refresh()]);
      if (JSON.stringify(newest) === JSON.stringify(diff)) return;
      diff = newest;
      drawAll();
    },
    close: () => {
      panel.close();
      parallel?.close();
    },
  };
}
