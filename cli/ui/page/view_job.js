// /jobs/NAME

import {get} from "./api.js";
import {deleteJob} from "./actions.js";
import {h, replace} from "./dom.js";
import {figure} from "./format.js";
import {facts, heading, trail, versionLink} from "./parts.js";
import {to} from "./router.js";
import {when} from "./times.js";
import {versionsTable} from "./versions_table.js";

export async function view({names, query, signal}) {
  const [name] = names;
  const about = h("div", {});
  let job;
  const load = async () => {
    job = await get("job", {name}, signal);
    replace(about, job.description && h("p", {class: "lead"}, job.description), facts([
      ["experiment", job.experiment &&
        h("a", {href: to.experiment(job.experiment)}, job.experiment)],
      ["versions", job.versions],
      ["best accuracy", typeof job.best_accuracy === "number" &&
        [figure(job.best_accuracy), " in ", versionLink(`${name}@best`)]],
      ["created", when(job.created)],
    ]));
  };
  await load();
  const list = versionsTable({job: name, query, tall: true});
  return {
    title: name,
    content: [
      trail(["Jobs", "/jobs"], [name]),
      heading(name, h("div", {class: "actions"}, h("button", {type: "button", class: "danger",
        onclick: () => deleteJob(name, job.versions)}, "Delete…"))),
      about, list.node],
    shown: () => list.table.draw(),
    refresh: async () => {
      await Promise.all([load(), list.refresh()]);
    },
    live: list.live,
    close: list.close,
  };
}
