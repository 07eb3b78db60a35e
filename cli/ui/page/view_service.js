// /services/NAME

import {get} from "./api.js";
import {updateService} from "./actions.js";
import {h, replace} from "./dom.js";
import {bytes, duration, setting} from "./format.js";
import {logView} from "./log_view.js";
import {facts, heading, isActive, plainTable, section, statusMark, trail} from "./parts.js";
import {to} from "./router.js";
import {readCounts} from "./service_counts.js";
import {when} from "./times.js";
import {addressLink, serviceButtons} from "./view_services.js";

// Requests and lines of the log change no record: they are asked for, while somebody looks.
const LOOK_MS = 3000;

const isVersion = (source) => /@V\d+$/.test(source);

// What could take the model's place: its other versions, newest first.
async function alternatives(source, signal) {
  const name = source.split("@")[0];
  try {
    const all = isVersion(source)
      ? (await get("versions", {job: name, filter: "status = Completed", sort: "-created",
                                limit: 30}, signal)).versions
      : (await get("model", {name}, signal)).version_list ?? [];
    return all.map((one) => one.reference).filter((reference) => reference !== source);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return [];
  }
}

function requestsPart(text, s) {
  if (!text) {
    return h("p", {class: "dim"}, s.status === "Running" ? "It does not answer just now."
                                                         : "It counts them while it runs.");
  }
  const {requests, facts: rows} = readCounts(text);
  return [facts(rows), requests.length > 0 && plainTable("Requests", [
    ["path", (row) => h("code", {}, row.path)], ["answer", (row) => row.code, "number"],
    ["requests", (row) => row.count.toLocaleString("en"), "number"],
  ], requests)];
}

export async function view({names, signal}) {
  const [name] = names;
  const place = h("div", {});
  const counts = h("div", {});
  const settings = h("div", {});
  const buttons = h("div", {class: "actions"});
  let s;
  const update = async () => updateService(name, s.source, await alternatives(s.source, signal));
  const refresh = async () => {
    s = await get("service", {name}, signal);
    const source = String(s.source ?? "");
    replace(buttons, h("button", {type: "button", class: "primary", onclick: update}, "Update…"),
            serviceButtons(s, ""));
    const {model = {}, pid} = s.facts ?? {};
    const own = s.settings ?? {};
    replace(place, facts([
      ["status", [statusMark(s.status), s.reason && ` ${s.reason}`]],
      ["address", addressLink(s)],
      ["model", source &&
        h("a", {href: isVersion(source) ? to.version(source) : to.model(source)}, source)],
      ["token", s.has_token ? "needed" : "none"],
      ["computes with", Object.entries(model).map(([k, v]) => `${k} ${v}`).join(" · ")],
      ["process", isActive(s.status) && pid],
      ["created", when(s.created)], ["started", when(s.started)], ["ended", when(s.ended)],
      ["stops by itself", own.auto_stop_s && `after ${duration(own.auto_stop_s)}`],
      ["restart", own.restart && "when its process dies"],
      ["largest request", bytes(own.max_body_bytes)],
    ]));
    replace(settings, plainTable("Settings", [
      ["setting", ([key]) => h("code", {}, key)], ["value", ([, value]) => setting(value), "long"],
    ], Object.entries(own)));
    await look();
  };

  let log;
  const look = async () => {
    const [{metrics}] = await Promise.all([get("service-counts", {name}, signal), log?.more()]);
    replace(counts, requestsPart(metrics, s));
  };
  const clock = setInterval(() => {
    // What is wrong with the connection is told by the log.
    if (!document.hidden && isActive(s.status)) look().catch(() => {});
  }, LOOK_MS);
  signal.addEventListener("abort", () => clearInterval(clock));
  await refresh();
  log = logView({of: {service: name}, running: isActive(s.status), signal});
  return {
    title: name, refresh, shown: log.more,
    content: [trail(["Services", "/services"], [name]), heading(name, buttons), place,
              section("Requests", counts),
              section("Log", h("p", {class: "dim"}, "In ", h("code", {class: "path"}, s.log)),
                      log.node),
              h("details", {class: "block"}, h("summary", {}, "Settings"), settings)],
  };
}
