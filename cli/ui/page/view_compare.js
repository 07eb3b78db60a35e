// /compare?ref=A&ref=B: what differs between versions, and whether it is real.

import {get} from "./api.js";
import {visualize} from "./actions.js";
import {colour} from "./chart.js";
import {curvesPanel} from "./curves.js";
import {freshId, h, replace} from "./dom.js";
import {count, figure, number, setting} from "./format.js";
import {empty, heading, isActive, section, versionLink} from "./parts.js";
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
    const has = (value) => value !== null && value !== undefined && value !== "";
    if (row.values.every((value) => !has(value) || Number.isFinite(value))) {
      return {name: row.name, isText: false,
              values: row.values.map((value) => (has(value) ? value : null))};
    }
    const values = row.values.map((value) => (has(value) ? setting(value) : null));
    const texts = new Set(values).size;
    const isLong = values.some((value) => value?.length > LONGEST_TEXT);
    if (!isLong && texts <= MOST_TEXTS) return {name: row.name, isText: true, values};
    left.push([row.name, isLong ? "long texts" : `${texts} texts`]);
    return null;
  };
  const metrics = diff.metrics.filter((row) => row.differs && row.values.some(Number.isFinite))
    .map((row) => ({name: row.name, isText: false,
                    values: row.values.map((value) => (Number.isFinite(value) ? value : null))}));
  const rank = ["accuracy", "f1", "loss", "precision", "recall"];
  metrics.sort((a, b) => (rank.indexOf(a.name) + 9) % 9 - (rank.indexOf(b.name) + 9) % 9);
  const parameters = diff.parameters.filter((row) => row.differs).map(axis).filter(Boolean);
  // What several versions have and not all alike, before what only some have.
  const tells = ({values}) => new Set(values.filter((value) => value !== null)).size > 1;
  const most = MOST_AXES - Math.min(4, metrics.filter(tells).length);
  const telling = parameters.filter(tells);
  const axes = [...telling.slice(0, most), ...metrics.filter(tells), ...telling.slice(most),
                ...[...parameters, ...metrics].filter((one) => !tells(one))];
  for (const one of axes.slice(MOST_AXES)) left.push([one.name, `more than ${MOST_AXES} axes`]);
  return {axes: axes.slice(0, MOST_AXES), left};
}

// On the same samples the classes are the same as well.
function haveOtherClasses(diff, one) {
  if (one.test !== "bootstrap") return false;
  const row = diff.data.find(({name}) => name === "dataset.classes");
  const [own, other] = [one.version, one.against].map((name) => {
    const value = row?.values[diff.versions.indexOf(name)];
    return Array.isArray(value) ? JSON.stringify([...value].sort()) : value;
  });
  return own && other && own !== other;
}

function verdict(diff, one) {
  if (haveOtherClasses(diff, one)) {
    return h("li", {class: "chance"}, h("b", {}, "– Not comparable: different classes: "),
             `${one.version} has an accuracy of ${figure(one.accuracy)}, ${one.against} ` +
             `of ${figure(one.against_accuracy)}`);
  }
  return h("li", {class: one.is_real ? "real" : "chance"},
           h("b", {}, one.is_real ? "✓ Real: " : "≈ Not shown: "), one.words);
}

function realDifference(diff) {
  const list = diff.real_difference ?? [];
  if (list.length === 0) return null;
  const judged = new Set(list.flatMap((one) => [one.version, one.against]));
  const others = diff.versions.filter((reference) => !judged.has(reference));
  return section("Is the difference real?",
    diff.versions.length > 2 && h("p", {class: "dim"}, "Each against ",
                                  versionLink(list[0].against), ", the most accurate."),
    h("ul", {class: "verdicts"}, list.map((one) => verdict(diff, one)),
      others.map((reference) => h("li", {class: "chance"}, h("b", {}, "– Not compared: "),
                                  `${reference} has no predictions of these pictures`))));
}

// A version that runs a command has no algorithm, and JSON has no words for what is no number:
// these are in the versions' own answers. `known` keeps what is asked for.
async function complete(diff, known, signal) {
  const algorithm = diff.parameters.find(({name}) => name === "algorithm");
  if (algorithm) algorithm.values = algorithm.values.map((value) => value ?? "command");
  const lacking = diff.metrics.filter(({values}) => values.includes(null));
  await Promise.all(diff.versions.map(async (ref, v) => {
    if (!lacking.some(({values}) => values[v] === null)) return;
    const metrics = known.get(ref) ?? get("version", {ref}, signal).then(
      (version) => {
        if (isActive(version.status)) known.delete(ref);
        return version.metrics ?? {};
      }, () => {
        known.delete(ref);
        return {};
      });
    known.set(ref, metrics);
    for (const {name, values} of lacking) values[v] ??= (await metrics)[name]?.best ?? null;
  }));
  return diff;
}

// Those of `asked` that are there, and what is wrong with the others: [[reference, error], …].
async function present(asked, signal) {
  const answers = await Promise.allSettled(asked.map((ref) => get("version", {ref}, signal)));
  const gone = answers.flatMap(({reason}, i) => (reason ? [[asked[i], reason]] : []));
  const other = gone.find(([, reason]) => reason.status !== 404);
  if (other) throw other[1];
  return {there: asked.filter((_, i) => !answers[i].reason), gone};
}

export async function view({query, signal}) {
  let asked = query.getAll("ref");
  const addId = freshId("add");
  const input = h("input", {id: addId, type: "text", placeholder: "JOB@V0003, JOB@best",
                            autocomplete: "off", spellcheck: "false"});
  const addForm = h("form", {class: "tools", onsubmit: (event) => {
    event.preventDefault();
    if (input.value.trim()) navigate(to.compare([...asked, ...input.value.trim().split(/[\s,]+/)]));
  }}, h("label", {for: addId}, "Add a version"), input, h("button", {type: "submit"}, "Add"));
  const known = new Map();
  const load = async () => complete(await get("diff", {ref: asked}, signal), known, signal);
  let diff = null;
  let missing = null;
  try {
    if (asked.length > 1) diff = await load();
  } catch (error) {
    if (error.status !== 404) throw error;
    const {there, gone} = await present(asked, signal);
    if (gone.length === 0) throw error;
    missing = gone.map(([name, {message}]) => h("p", {class: "problem", role: "alert"},
      versionLink(name), ` is not there: ${message}`));
    asked = there;
    if (asked.length > 1) diff = await load();
  }
  if (!diff) {
    return {title: "Compare", content: [heading("Compare"), missing,
      empty("Choose two or more versions in a table of versions, and press Compare."),
      asked.length === 1 && h("p", {}, "Chosen: ", versionLink(asked[0])), addForm]};
  }
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
        h("span", {class: "dim"}, all ? rowsOf(key).length
                                      : count(rowsOf(key).length, "differs", "differ"))),
        diffTable(title, rowsOf(key), references))));
  };
  const drawAll = () => {
    drawTables();
    replace(verdicts, realDifference(diff));
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
      missing, chips, addForm,
      verdicts,
      h("label", {class: "inline"}, everything, " Also what is the same"),
      tables,
      section("Curves", panel.node),
      coordinates, others,
    ],
    shown: panel.refresh,
    refresh: async () => {
      const [newest] = await Promise.all([load(), panel.refresh()]);
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
