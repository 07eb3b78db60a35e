// /versions: those of all jobs.

import {heading} from "./parts.js";
import {versionsTable} from "./versions_table.js";

export async function view({query}) {
  const list = versionsTable({job: "", query, tall: true});
  return {
    title: "Versions",
    content: [heading("Versions"), list.node],
    shown: () => list.table.draw(),
    refresh: list.refresh,
    live: list.live,
    close: list.close,
  };
}
