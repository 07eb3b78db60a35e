// /algorithms

import {get} from "./api.js";
import {h} from "./dom.js";
import {heading, plainTable} from "./parts.js";
import {to} from "./router.js";

export async function view({signal}) {
  const {algorithms} = await get("algorithms", {limit: 0}, signal);
  return {title: "Algorithms", content: [heading("Algorithms"), plainTable("Algorithms", [
    ["algorithm", (a) => h("a", {href: to.algorithm(a.name), class: "name"}, a.name)],
    ["task", (a) => (a.task ?? "").replaceAll("_", " ")],
    ["origin", (a) => a.origin],
    ["settings", (a) => a.hyperparameters?.length, "number"],
    ["description", (a) => a.description, "long"],
  ], algorithms)]};
}
