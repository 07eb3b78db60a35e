// /services/NAME

import {get} from "./api.js";
import {h, replace} from "./dom.js";
import {setting, time} from "./format.js";
import {facts, heading, plainTable, section, statusMark, trail} from "./parts.js";
import {to} from "./router.js";
import {addressLink, serviceButtons} from "./view_services.js";

export async function view({names, signal}) {
  const [name] = names;
  const place = h("div", {});
  const buttons = h("div", {class: "actions"});
  const refresh = async () => {
    const s = await get("service", {name}, signal);
    replace(buttons, serviceButtons(s, ""));
    const source = String(s.source ?? "");
    const ofVersion = /@V\d+$/.test(source);
    const computed = s.facts?.model ?? {};
    replace(place, facts([
      ["status", [statusMark(s.status), s.reason && ` ${s.reason}`]],
      ["address", addressLink(s)],
      ["model", source && h("a", {href: ofVersion ? to.version(source) : to.model(source)}, source)],
      ["token", s.has_token ? "needed" : "none"],
      ["computes with", Object.entries(computed).map(([k, v]) => `${k} ${v}`).join(" · ")],
      ["process", s.facts?.pid],
      ["created", time(s.created)], ["started", time(s.started)], ["ended", time(s.ended)],
      ["log", s.log && h("span", {class: "path"}, s.log)],
    ]), section("Settings", plainTable("Settings", [
      ["setting", ([key]) => h("code", {}, key)], ["value", ([, value]) => setting(value), "long"],
    ], Object.entries(s.settings ?? {}))));
  };
  await refresh();
  return {title: name, refresh,
          content: [trail(["Services", "/services"], [name]), heading(name, buttons), place]};
}
