// /models

import {get} from "./api.js";
import {h, replace} from "./dom.js";
import {figure} from "./format.js";
import {empty, heading, plainTable} from "./parts.js";
import {originLink} from "./model_parts.js";
import {to} from "./router.js";
import {ago} from "./times.js";

export async function view({signal}) {
  const place = h("div", {});
  const refresh = async () => {
    const {models} = await get("models", {limit: 0}, signal);
    replace(place, models.length === 0
      ? empty("No model yet. Create one on the page of a completed version, or with ",
              h("code", {}, "mat model create REF --name N"), ".")
      : plainTable("Models", [
          ["model", (m) => h("a", {href: to.model(m.name), class: "name"}, m.name)],
          ["versions", (m) => m.versions, "number"],
          ["latest", (m) => m.latest?.version ?? m.latest_version],
          ["accuracy", (m) => figure(m.latest?.metrics?.accuracy), "number"],
          ["made from", (m) => originLink(m.latest?.origin)],
          ["created", (m) => ago(m.created ?? m.latest?.created)],
          ["description", (m) => m.description, "long"],
        ], models));
  };
  await refresh();
  return {title: "Models", content: [heading("Models"), place], refresh};
}
