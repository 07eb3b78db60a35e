// /models/NAME and /models/NAME@1.0.0

import {get} from "./api.js";
import {deleteModel, deploy} from "./actions.js";
import {centreSideways, h, replace} from "./dom.js";
import {bytes, figure, setting, time} from "./format.js";
import {keptEvaluations} from "./kept_evaluations.js";
import {lineage} from "./lineage.js";
import {originLink} from "./model_parts.js";
import {facts, heading, plainTable, section, trail} from "./parts.js";
import {to} from "./router.js";

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
        ["aliases", (model.aliases ?? []).join(", ")],
        ["made from", originLink(model.origin)], ["created", time(model.created)],
        ["pictures", model.preprocessing?.image_size &&
          `${model.preprocessing.image_size} × ${model.preprocessing.image_size} pixels`],
        ["target", model.target],
        ["columns", model.columns?.length &&
          `${model.columns.length}: ${model.columns.map((c) => c.name).join(", ")}`],
        ["classes", model.classes?.length &&
          `${model.classes.length}: ${model.classes.join(", ")}`],
        ["folder", h("span", {class: "path"}, model.folder ?? "")],
        ["services", model.services?.length
          ? model.services.map((s, i) => [i ? ", " : "", h("a", {href: to.service(s)}, s)]) : null],
      ]),
      section("Results", plainTable("Results", [
        ["figure", ([key]) => key], ["value", ([, value]) => figure(value), "number"],
      ], Object.entries(model.metrics ?? {}))),
      versions.length > 0 && section("Versions", plainTable(`Versions of ${plain}`, [
        ["version", (v) => h("a", {href: to.model(v.reference), class: "name"}, v.version)],
        ["accuracy", (v) => figure(v.metrics?.accuracy), "number"],
        ["made from", (v) => originLink(v.origin)],
        ["aliases", (v) => (v.aliases ?? []).join(", ")],
        ["created", (v) => time(v.created)],
        ["", (v) => h("button", {type: "button", class: "small quiet",
                                 "aria-label": `Delete ${v.reference}`,
                                 onclick: () => deleteModel(v.reference)}, "Delete…")],
      ], versions)),
      section("Settings it was trained with", plainTable("Settings", [
        ["setting", ([key]) => h("code", {}, key)],
        ["value", ([, value]) => setting(value), "long"],
      ], Object.entries(model.origin?.settings ?? {}))),
      model.files?.length > 0 && section("Files", plainTable("Files", [
        ["file", (f) => h("code", {}, f.name)], ["size", (f) => bytes(f.bytes), "number"],
      ], model.files)));
    kept ??= keptEvaluations({reference: `model:${model.reference}`, query, signal,
                              own: "no evaluation"});
    await kept.refresh(model.evaluations ?? []);
  };
  await refresh();
  const graph = h("div", {});
  lineage(`model:${model.reference ?? name}`, signal).then(
    (node) => {
      replace(graph, section("Lineage", node));
      centreSideways(node, node.querySelector(".start"));
    }, () => {});
  return {
    title: name, refresh,
    content: [trail(["Models", "/models"], [name]),
              heading(name, h("div", {class: "actions"},
                h("button", {type: "button", class: "primary",
                             onclick: () => deploy(name)}, "Deploy…"),
                h("button", {type: "button", class: "danger",
                             onclick: () => deleteModel(name)}, "Delete…"))),
              place, kept.node, graph],
  };
}
