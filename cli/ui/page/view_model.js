// /models/NAME and /models/NAME@1.0.0

import {address, get} from "./api.js";
import {deleteModel, deploy, exportModel, removeAlias, setAlias} from "./actions.js";
import {centreSideways, h, replace} from "./dom.js";
import {bytes, figure, number, setting} from "./format.js";
import {keptEvaluations} from "./kept_evaluations.js";
import {lineage} from "./lineage.js";
import {originLink} from "./model_parts.js";
import {empty, facts, heading, plainTable, section, trail} from "./parts.js";
import {to} from "./router.js";
import {ago, when} from "./times.js";

// What a picture goes through before it comes to the network.
function pictureWords(p) {
  if (!p?.image_size) return "";
  const views = p.views?.length ? ` · ${p.views.length === 1 ? "view" : "views"} ` +
                                  p.views.join(", ") : "";
  return `${p.image_size} × ${p.image_size} pixels of a picture shrunk to ${p.short_side}${views}` +
    (p.mirrored ? " · each also mirrored" : "");
}

const numbers = (list) => (list ?? []).map((value) => number(value)).join(", ");

function aliasList(model) {
  if (!model.aliases?.length) return null;
  return h("ul", {class: "chips inline"}, model.aliases.map((alias) => h("li", {}, alias,
    h("button", {type: "button", class: "quiet small", "aria-label": `Remove the alias ${alias}`,
                 onclick: () => removeAlias(model.model, alias)}, "✕"))));
}

const pathTo = (model, file) => h("a", {
  href: address("model-file", {name: model.reference, path: file.name}), download: file.name,
}, h("code", {}, file.name));

export async function view({names, query, signal}) {
  const [name] = names;
  const plain = name.split("@")[0];
  const place = h("div", {});
  let model;
  let kept;
  const refresh = async () => {
    model = await get("model", {name}, signal);
    const versions = model.version_list ?? [];
    replace(place,
      model.description && h("p", {class: "lead"}, model.description),
      facts([
        ["version", model.reference], ["network", model.network],
        ["aliases", aliasList(model)],
        ["made from", originLink(model.origin)],
        ["trained", when(model.origin?.trained)], ["created", when(model.created)],
        ["dataset", model.origin?.dataset?.name],
        ["pictures", pictureWords(model.preprocessing)],
        ["mean", numbers(model.preprocessing?.mean)],
        ["std", numbers(model.preprocessing?.std)],
        ["temperature", number(model.temperature)],
        ["target", model.target],
        ["columns", model.columns?.length &&
          `${model.columns.length}: ${model.columns.map((c) => c.name).join(", ")}`],
        ["classes", model.classes?.length &&
          `${model.classes.length}: ${model.classes.join(", ")}`],
      ]),
      section("Services", model.services?.length > 0
        ? h("ul", {class: "chips"}, model.services.map((s) =>
            h("li", {}, h("a", {href: to.service(s)}, s))))
        : empty("No service serves this version.")),
      section("Results", plainTable("Results", [
        ["figure", ([key]) => key], ["value", ([, value]) => figure(value), "number"],
      ], Object.entries(model.metrics ?? {}))),
      versions.length > 0 && section("Versions", plainTable(`Versions of ${plain}`, [
        ["version", (v) => h("a", {href: to.model(v.reference), class: "name"}, v.version)],
        ["accuracy", (v) => figure(v.metrics?.accuracy), "number"],
        ["made from", (v) => originLink(v.origin)],
        ["aliases", (v) => (v.aliases ?? []).join(", ")],
        ["created", (v) => ago(v.created)],
        ["", (v) => h("button", {type: "button", class: "small quiet",
                                 "aria-label": `Delete ${v.reference}`,
                                 onclick: () => deleteModel(v.reference)}, "Delete…")],
      ], versions)),
      section("Settings it was trained with", plainTable("Settings", [
        ["setting", ([key]) => h("code", {}, key)],
        ["value", ([, value]) => setting(value), "long"],
      ], Object.entries(model.origin?.settings ?? {}))),
      model.files?.length > 0 && section("Files",
        h("p", {class: "dim"}, "In ", h("code", {class: "path"}, model.folder)),
        plainTable("Files", [
          ["file", (f) => pathTo(model, f)], ["size", (f) => bytes(f.bytes), "number"],
        ], model.files)));
    kept ??= keptEvaluations({reference: `model:${model.reference}`, query, signal,
                              own: "no evaluation"});
    await kept.refresh(model.evaluations ?? []);
  };
  await refresh();
  const home = await get("home", {}, signal);
  const button = (text, act, kind = "") => h("button", {type: "button", class: kind, onclick: act},
                                             text);
  const graph = h("div", {});
  lineage(`model:${model.reference ?? name}`, signal).then(
    (node) => {
      replace(graph, section("Lineage", node));
      centreSideways(node, node.querySelector(".start"));
    }, () => {});
  return {
    title: name, refresh,
    content: [trail(["Models", "/models"], [name]),
              heading(name, h("div", {class: "actions", role: "group", "aria-label": "Actions"},
                button("Deploy…", () => deploy(name), "primary"),
                button("Set alias…", () => setAlias(model.reference)),
                button("Export…", () => exportModel(model.reference, home.working_folder)),
                button("Delete…", () => deleteModel(name), "danger"))),
              place, kept.node, graph],
  };
}
