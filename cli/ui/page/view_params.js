// /params: saved parameter configurations.

import {get} from "./api.js";
import {createJob} from "./actions.js";
import {h, replace} from "./dom.js";
import {empty, heading, plainTable, versionLink} from "./parts.js";
import {to} from "./router.js";
import {ago} from "./times.js";

export async function view({signal}) {
  const place = h("div", {});
  const refresh = async () => {
    const {params} = await get("params", {limit: 0}, signal);
    replace(place, params.length === 0
      ? empty("No configuration yet. Save the settings of a version on its page.")
      : plainTable("Parameter configurations", [
          ["configuration", (p) => h("a", {href: to.params(p.name), class: "name"}, p.name)],
          ["algorithm", (p) => p.settings?.algorithm?.value],
          ["saved from", (p) => p.origin && (/@V\d+$/.test(p.origin) ? versionLink(p.origin)
                                                                      : p.origin)],
          ["updated", (p) => ago(p.updated)],
          ["description", (p) => p.description, "long"],
          ["", (p) => h("button", {type: "button", class: "small",
                                   "aria-label": `New job from ${p.name}`,
                                   onclick: () => createJob(p.name)}, "New job…")],
        ], params));
  };
  await refresh();
  return {title: "Parameters", content: [heading("Parameter configurations"), place], refresh};
}
