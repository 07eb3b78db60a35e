// /params/NAME

import {get} from "./api.js";
import {createJob, deleteParams} from "./actions.js";
import {h, replace} from "./dom.js";
import {setting} from "./format.js";
import {facts, heading, plainTable, section, trail, versionLink} from "./parts.js";
import {when} from "./times.js";

export async function view({names, signal}) {
  const [name] = names;
  const place = h("div", {});
  const refresh = async () => {
    const p = await get("params-one", {name}, signal);
    replace(place, p.description && h("p", {class: "lead"}, p.description), facts([
      ["saved from", p.origin && (/@V\d+$/.test(p.origin) ? versionLink(p.origin) : p.origin)],
      ["created", when(p.created)], ["updated", when(p.updated)],
    ]), section("Settings", plainTable("Settings", [
      ["setting", ([key]) => h("code", {}, key)],
      ["value", ([, value]) => setting(value?.value ?? value), "long"],
      ["from", ([, value]) => value?.source],
    ], Object.entries(p.settings ?? {}))));
  };
  await refresh();
  return {title: name, refresh, content: [
    trail(["Parameters", "/params"], [name]),
    heading(name, h("div", {class: "actions"}, h("button", {
      type: "button", class: "primary", onclick: () => createJob(name)}, "New job…"),
      h("button", {type: "button", class: "danger", onclick: () => deleteParams(name)},
        "Delete…"))),
    place]};
}
