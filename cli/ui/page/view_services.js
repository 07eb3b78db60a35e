// /services

import {get} from "./api.js";
import {deleteService, startService, stopService} from "./actions.js";
import {h, replace} from "./dom.js";
import {empty, heading, isActive, plainTable, statusMark} from "./parts.js";
import {to} from "./router.js";
import {ago} from "./times.js";

export function serviceButtons(s, small = "small") {
  const button = (text, kind, act) => h("button", {
    type: "button", class: `${small} ${kind}`, "aria-label": small && `${text} ${s.name}`,
    onclick: () => act(s.name)}, `${text}…`);
  return isActive(s.status) ? button("Stop", "", stopService)
                            : [button("Start", "", startService), " ",
                               button("Delete", "danger", deleteService)];
}

export function addressLink(s) {
  if (!s.address) return null;
  if (s.status !== "Running" || !/^https?:\/\//.test(s.address)) return s.address;
  return h("a", {href: s.address, target: "_blank", rel: "noopener noreferrer"}, s.address);
}

export async function view({signal}) {
  const place = h("div", {});
  const refresh = async () => {
    const {services} = await get("services", {limit: 0}, signal);
    replace(place, services.length === 0
      ? empty("No service yet. Deploy a model on its page, or with ",
              h("code", {}, "mat service deploy MODEL --detach"), ".")
      : plainTable("Services", [
          ["service", (s) => h("a", {href: to.service(s.name), class: "name"}, s.name)],
          ["status", (s) => statusMark(s.status, s.reason)],
          ["model", (s) => s.source],
          ["address", addressLink],
          ["started", (s) => ago(s.started)],
          ["", (s) => serviceButtons(s)],
        ], services));
  };
  await refresh();
  return {title: "Services", content: [heading("Services"), place], refresh};
}
