// /pools: where versions train, and how much of it is taken.

import {get} from "./api.js";
import {h, replace} from "./dom.js";
import {bytes} from "./format.js";
import {heading, plainTable, section} from "./parts.js";
import {to} from "./router.js";

function use(taken, all, text) {
  return [h("progress", {max: Math.max(all, 1), value: taken, "aria-label": text}), " ", text];
}

export async function view({signal}) {
  const place = h("div", {});
  const refresh = async () => {
    const {pools} = await get("pools", {}, signal);
    replace(place, plainTable("Pools", [
      ["pool", (p) => h("span", {class: "name"}, p.name)],
      ["kind", (p) => p.kind],
      ["cores", (p) => use(p.in_use?.cores ?? 0, p.cores,
                           `${p.in_use?.cores ?? 0} of ${p.cores}`)],
      ["memory", (p) => use(p.in_use?.memory_bytes ?? 0, p.memory_bytes,
                            `${bytes(p.in_use?.memory_bytes ?? 0)} of ${bytes(p.memory_bytes)}`)],
      ["GPUs", (p) => (p.gpus ? `${p.in_use?.gpus ?? 0} of ${p.gpus}` : "none"), "number"],
      ["running", (p) => h("a", {href: to.versions({
        filter: `status = Running and resources.pool = ${p.name}`})}, p.running), "number"],
      ["pending", (p) => p.pending, "number"],
      ["description", (p) => p.description, "long"],
    ], pools), pools.map((p) => section(`Flavors of ${p.name}`, plainTable(`Flavors of ${p.name}`, [
      ["flavor", (f) => h("code", {}, f.name)],
      ["cores", (f) => f.cores, "number"],
      ["memory", (f) => bytes(f.memory_bytes), "number"],
      ["GPUs", (f) => f.gpus, "number"],
    ], p.flavors ?? []))));
  };
  await refresh();
  return {title: "Pools", content: [heading("Pools"), place], refresh};
}
