// /experiments

import {get} from "./api.js";
import {h, replace} from "./dom.js";
import {empty, heading, plainTable} from "./parts.js";
import {to} from "./router.js";
import {ago} from "./times.js";

export async function view({signal}) {
  const place = h("div", {});
  const refresh = async () => {
    const {experiments} = await get("experiments", {limit: 0}, signal);
    replace(place, experiments.length === 0
      ? empty("No experiment yet: a named group of jobs, made by a spec's ",
              h("code", {}, "experiment:"), " or by ", h("code", {}, "mat experiment create"), ".")
      : plainTable("Experiments", [
          ["experiment", (e) => h("a", {href: to.experiment(e.name), class: "name"}, e.name)],
          ["jobs", (e) => e.job_count, "number"],
          ["created", (e) => ago(e.created)],
          ["description", (e) => e.description, "long"],
        ], experiments));
  };
  await refresh();
  return {title: "Experiments", content: [heading("Experiments"), place], refresh};
}
