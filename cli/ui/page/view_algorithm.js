// /algorithms/NAME

import {get} from "./api.js";
import {h} from "./dom.js";
import {setting} from "./format.js";
import {facts, heading, plainTable, section, trail} from "./parts.js";
import {to} from "./router.js";
import {when} from "./times.js";

export async function view({names, signal}) {
  const [name] = names;
  const a = await get("algorithm", {name}, signal);
  const channels = (title, list) => list?.length > 0 && section(title, plainTable(title, [
    ["name", (c) => h("code", {}, c.name)],
    ["required", (c) => (c.required ? "yes" : "no")],
    ["description", (c) => c.description, "long"],
  ], list));
  const command = a.command?.command ?? a.command;
  return {title: name, content: [
    trail(["Algorithms", "/algorithms"], [name]), heading(name),
    h("p", {class: "lead"}, a.description),
    facts([["task", (a.task ?? "").replaceAll("_", " ")], ["origin", a.origin],
           ["created", when(a.created)],
           ["command", command && h("code", {}, setting(command))],
           ["runs on", a.constraints && [a.constraints.cpu && "CPU", a.constraints.gpu && "GPU"]
             .filter(Boolean).join(", ")],
           ["versions", h("a", {href: to.versions({filter: `algorithm = ${name}`})},
                          "all that were trained with it")]]),
    section("Hyperparameters", plainTable("Hyperparameters", [
      ["name", (p) => h("code", {}, p.name)],
      ["type", (p) => String(p.type).toLowerCase()],
      ["default", (p) => (p.required ? "required" : setting(p.default))],
      ["range", (p) => p.range || (p.choices ?? []).join(", "), "long"],
      ["description", (p) => p.description, "long"],
    ], a.hyperparameters ?? [])),
    channels("Inputs", a.inputs), channels("Outputs", a.outputs),
  ]};
}
