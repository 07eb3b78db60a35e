// /experiments/NAME

import {get} from "./api.js";
import {h, replace} from "./dom.js";
import {figure} from "./format.js";
import {empty, heading, plainTable, statusMark, trail} from "./parts.js";
import {to} from "./router.js";
import {ago, when} from "./times.js";

export async function view({names, signal}) {
  const [name] = names;
  const place = h("div", {});
  const refresh = async () => {
    const experiment = await get("experiment", {name}, signal);
    replace(place,
      experiment.description && h("p", {class: "lead"}, experiment.description),
      h("p", {class: "dim"}, "created ", when(experiment.created), " · ",
        h("a", {href: to.versions({filter: `experiment = ${name}`})}, "all its versions")),
      experiment.jobs.length === 0 ? empty("No job in it.")
        : plainTable(`Jobs of ${name}`, [
            ["job", (j) => h("a", {href: to.job(j.name), class: "name"}, j.name)],
            ["versions", (j) => j.versions, "number"],
            ["latest", (j) => j.latest && [j.latest, " ", statusMark(j.latest_status)]],
            ["best accuracy", (j) => figure(j.best_accuracy), "number"],
            ["created", (j) => ago(j.created)],
            ["description", (j) => j.description, "long"],
          ], experiment.jobs));
  };
  await refresh();
  return {title: name, refresh,
          content: [trail(["Experiments", "/experiments"], [name]), heading(name), place]};
}
