// /jobs

import {get} from "./api.js";
import {h} from "./dom.js";
import {filterBox} from "./filter_box.js";
import {figure} from "./format.js";
import {heading, statusMark} from "./parts.js";
import {navigate, setQuery, to} from "./router.js";
import {VirtualTable} from "./table.js";
import {ago} from "./times.js";

const FIELDS = ["name", "description", "experiment", "versions", "latest_status", "best_accuracy",
                "created"];

const COLUMNS = [
  {key: "name", title: "job", width: 180, sortable: true,
   cell: (row) => h("a", {href: to.job(row.name), class: "name"}, row.name)},
  {key: "experiment", title: "experiment", width: 140, sortable: true,
   cell: (row) => row.experiment && h("a", {href: to.experiment(row.experiment)}, row.experiment)},
  {key: "versions", title: "versions", width: 90, numeric: true, sortable: true,
   cell: (row) => row.versions},
  {key: "latest", title: "latest", width: 210,
   cell: (row) => row.latest && [
     h("a", {href: to.version(`${row.name}@${row.latest}`), class: "name"}, row.latest), " ",
     statusMark(row.latest_status)]},
  {key: "best_accuracy", title: "best accuracy", width: 120, numeric: true, sortable: true,
   cell: (row) => figure(row.best_accuracy)},
  {key: "created", title: "created", width: 116, sortable: true, cell: (row) => ago(row.created)},
  {key: "description", title: "description", width: 320, cell: (row) => row.description},
];

export async function view({query}) {
  let filter = query.get("filter") ?? "";
  const table = new VirtualTable({
    label: "Jobs", columns: COLUMNS, keyOf: (row) => row.name,
    open: (row) => navigate(to.job(row.name)),
    sort: query.get("sort") ?? "", sorted: (sort) => setQuery({sort}),
    failed: (error) => box.tell(error),
    empty: "No job matches. Train one with: mat job create -f SPEC",
    fetchPage: async (offset, limit, signal) => {
      const answer = await get("jobs", {filter, sort: table.sort, limit, offset}, signal);
      return {rows: answer.jobs, total: answer.total};
    },
  });
  table.node.classList.add("tall");
  const box = filterBox({
    value: filter, fields: () => FIELDS, label: "Filter jobs",
    example: "Filter: name ~ flower and versions > 1",
    apply: (text) => {
      if (text === filter) return;
      filter = text;
      setQuery({filter});
      table.reset();
    },
  });
  await table.request(0);
  return {
    title: "Jobs",
    content: [heading("Jobs"), h("div", {class: "tools"}, box.node, table.note), table.node],
    shown: () => table.draw(),
    refresh: () => table.refresh(),
    close: () => table.close(),
  };
}
