// /datasets/NAME and /datasets/NAME@V001: pictures by class, what is wrong with them, versions.

import {get} from "./api.js";
import {deleteDataset, publishDataset} from "./actions.js";
import {checkPanel} from "./dataset_check.js";
import {relabelForm} from "./dataset_label.js";
import {h, replace} from "./dom.js";
import {number} from "./format.js";
import {gallery, pager} from "./gallery.js";
import {lineage} from "./lineage.js";
import {empty, facts, heading, plainTable, problem, section, trail} from "./parts.js";
import {setQuery, to} from "./router.js";
import {ago, when} from "./times.js";

const LIMIT = 60;

function versionsTable(name, versions) {
  return plainTable(`Versions of ${name}`, [
    ["version", (v) => [h("a", {href: to.dataset(v.reference), class: "name"}, v.version),
                        v.current && " (current)"]],
    ["name", (v) => v.name],
    ["pictures", (v) => v.counts?.pictures, "number"],
    ["train", (v) => v.counts?.train, "number"],
    ["validation", (v) => v.counts?.eval, "number"],
    ["test", (v) => v.counts?.test, "number"],
    ["share", (v) => number(v.train_ratio), "number"],
    ["created", (v) => ago(v.created)],
    ["description", (v) => v.description, "long"],
    ["", (v) => h("button", {type: "button", class: "small quiet",
                             "aria-label": `Delete ${v.reference}`,
                             onclick: () => deleteDataset(v.reference)}, "Delete…")],
  ], versions);
}

function picturesPanel({name, query, signal, editable}) {
  const state = {of: query.get("class") ?? "", unlabelled: query.get("unlabelled") === "1",
                 offset: Number(query.get("offset") ?? 0)};
  const classes = h("ul", {class: "classes", "aria-label": "Classes"});
  const place = h("div", {});
  let names = [];
  const keep = () => setQuery({class: state.of, unlabelled: state.unlabelled ? "1" : null,
                               offset: state.offset || null});

  const classButton = (text, many, most, pressed, choose) => h("li", {}, h("button", {
    type: "button", "aria-pressed": pressed, onclick: () => {
      choose();
      state.offset = 0;
      keep();
      load();
    }}, h("span", {}, text), h("span", {class: "number"}, many),
    h("i", {class: "share", style: {"--share": most > 0 ? many / most : 0}})));

  const load = async () => {
    try {
      const answer = await get("dataset-pictures", {
        name, class: state.of, unlabelled: state.unlabelled ? 1 : null,
        limit: LIMIT, offset: state.offset}, signal);
      names = answer.classes.map((c) => c.name);
      const most = Math.max(1, ...answer.classes.map((c) => c.pictures));
      const all = !state.of && !state.unlabelled;
      const focused = document.activeElement?.closest(".classes li");
      const at = focused ? [...classes.children].indexOf(focused) : -1;
      replace(classes,
        h("li", {}, h("button", {type: "button", "aria-pressed": all, onclick: () => {
          Object.assign(state, {of: "", unlabelled: false, offset: 0});
          keep();
          load();
        }}, "All")),
        answer.classes.map((c) => classButton(c.name, c.pictures, most, state.of === c.name, () =>
          Object.assign(state, {of: c.name, unlabelled: false}))),
        answer.unlabelled > 0 && classButton("without a label", answer.unlabelled, most,
          state.unlabelled, () => Object.assign(state, {of: "", unlabelled: true})));
      if (at >= 0) classes.children[at]?.querySelector("button").focus();
      const items = answer.rows.map((r) => ({
        source: {dataset: name, index: r.index}, file: r.file,
        title: [h("b", {}, r.labels.join(", ") || "no label"),
                r.usage && h("span", {class: "dim"}, ` ${r.usage.toLowerCase()}`)],
        about: () => {
          const label = h("b", {}, r.labels.join(", ") || "none");
          return [
            h("p", {}, "Label: ", label),
            r.usage && h("p", {class: "dim"}, `for ${r.usage.toLowerCase()}`),
            editable && relabelForm({dataset: name, picture: r.file, labels: r.labels, names,
                                     done: (labels) => {
                                       r.labels = labels;
                                       label.textContent = labels.join(", ") || "none";
                                       load();
                                     }}),
          ];
        },
      }));
      replace(place, answer.total === 0 ? empty("No picture of that kind.")
        : [gallery(items, "Pictures"), pager(answer.total, state.offset, LIMIT, (offset) => {
            state.offset = offset;
            keep();
            load();
          })]);
    } catch (error) {
      if (error.name !== "AbortError") replace(place, problem(error));
    }
  };
  return {node: h("div", {class: "by-class"}, classes, place), load};
}

export async function view({names, query, signal}) {
  const [name] = names;
  const plain = name.split("@")[0];
  const isVersion = name.includes("@");
  const about = h("div", {});
  const versions = h("div", {});
  const load = async () => {
    const d = await get("dataset", {name}, signal);
    const counts = d.pictures ?? d.counts ?? {};
    replace(about, d.description && h("p", {class: "lead"}, d.description), facts([
      ["pictures", counts.pictures], ["for training", counts.train],
      ["for validation", counts.eval], ["for test", counts.test],
      ["not decided", counts.undecided], ["unlabelled", counts.unlabelled],
      ["several labels", counts.several_labels || null],
      ["current", !isVersion && d.current &&
        h("a", {href: to.dataset(`${plain}@${d.current}`)}, d.current)],
      ["trainings", isVersion ? h("a", {href: to.versions({filter: `inputs.data_url ~ '${name}'`})},
                                  d.trainings ?? 0) : null],
      ["fingerprint", d.fingerprint && h("code", {}, d.fingerprint)],
      ["created", when(d.created)],
    ]));
    if (isVersion) return;
    replace(versions, d.version_list?.length
      ? section("Versions", versionsTable(plain, d.version_list))
      : section("Versions", empty("None is published yet; trainings use published versions.")));
  };
  await load();
  const pictures = picturesPanel({name, query, signal, editable: !isVersion});
  await pictures.load();
  const check = checkPanel({dataset: name, signal});
  const graph = h("div", {});
  if (isVersion) {
    lineage(`dataset:${name}`, signal).then((node) => replace(graph, section("Lineage", node)),
                                            () => {});
  }
  return {
    title: name,
    content: [
      trail(["Datasets", "/datasets"], ...(isVersion ? [[plain, to.dataset(plain)]] : []), [name]),
      heading(name, h("div", {class: "actions"},
        !isVersion && h("button", {type: "button", class: "primary",
                                   onclick: () => publishDataset(plain)}, "Publish…"),
        h("button", {type: "button", onclick: check.run}, "Check"),
        h("button", {type: "button", class: "danger",
                     onclick: () => deleteDataset(name)}, "Delete…"))),
      about, check.node, section("Pictures", pictures.node), versions, graph],
    refresh: async () => {
      await Promise.all([load(), pictures.load()]);
    },
  };
}
