// /datasets

import {get} from "./api.js";
import {h, replace} from "./dom.js";
import {empty, heading, plainTable} from "./parts.js";
import {to} from "./router.js";
import {ago} from "./times.js";

export async function view({signal}) {
  const place = h("div", {});
  const refresh = async () => {
    const {datasets} = await get("datasets", {limit: 0}, signal);
    replace(place, datasets.length === 0
      ? empty("No dataset yet. Make one of labelled pictures with ",
              h("code", {}, "mat dataset create NAME PATH"), ".")
      : plainTable("Datasets", [
          ["dataset", (d) => h("a", {href: to.dataset(d.name), class: "name"}, d.name)],
          ["pictures", (d) => d.pictures?.pictures, "number"],
          ["classes", (d) => Object.keys(d.pictures?.classes ?? {}).length, "number"],
          ["unlabelled", (d) => d.pictures?.unlabelled, "number"],
          ["versions", (d) => d.versions, "number"],
          ["current", (d) => d.current && h("a", {href: to.dataset(`${d.name}@${d.current}`)},
                                            d.current)],
          ["created", (d) => ago(d.created)],
          ["description", (d) => d.description, "long"],
        ], datasets));
  };
  await refresh();
  return {title: "Datasets", content: [heading("Datasets"), place], refresh};
}
