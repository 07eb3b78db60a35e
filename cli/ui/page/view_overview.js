// /: what runs, what came last, and how much there is.

import {get} from "./api.js";
import {stopVersion} from "./actions.js";
import {h, replace} from "./dom.js";
import {count, duration, figure} from "./format.js";
import {empty, heading, liveFigures, plainTable, progressBar, section, statusMark,
        versionLink} from "./parts.js";
import {to} from "./router.js";
import {ago} from "./times.js";

const COUNTS = [["jobs", "/jobs"], ["versions", "/versions"], ["experiments", "/experiments"],
                ["datasets", "/datasets"], ["models", "/models"], ["services", "/services"]];

export async function view({signal}) {
  const counts = h("ul", {class: "counts"});
  const running = h("div", {});
  const latest = h("div", {});

  const refresh = async () => {
    const [home, list] = await Promise.all([
      get("home", {}, signal),
      get("versions", {limit: 12, sort: "-created", columns: "loss"}, signal),
    ]);
    replace(counts, COUNTS.map(([name, path]) =>
      h("li", {}, h("a", {href: path}, h("b", {}, (home.counts[name] ?? 0).toLocaleString("en")),
                    h("span", {}, home.counts[name] === 1 ? name.slice(0, -1) : name)))));
    rows = list.versions;
    drawLatest();
  };

  let rows = [];
  let now = new Map();
  const drawLatest = () => {
    replace(latest, rows.length === 0
      ? empty("No version yet. Train one with ", h("code", {}, "mat job create -f SPEC"), ".")
      : plainTable("Latest versions", [
          ["version", (v) => versionLink(v.reference)],
          ["status", (v) => statusMark(v.status, v.status_reason)],
          ["algorithm", (v) => v.algorithm],
          ["accuracy", (v) => figure(v.accuracy ?? now.get(v.reference)?.accuracy), "number"],
          ["loss", (v) => figure(v.columns?.loss ?? now.get(v.reference)?.loss), "number"],
          ["created", (v) => ago(v.created)],
          ["duration", (v) => duration(v.duration_s), "number"],
        ], rows));
  };

  let drawn = "";
  const bars = new Map();
  const live = ({versions}) => {
    const names = versions.map((v) => v.reference).join("\n");
    if (names !== drawn || versions.length === 0) {
      drawn = names;
      bars.clear();
      replace(running, versions.length === 0
        ? empty("Nothing runs or waits.")
        : h("ul", {class: "running"}, versions.map((v) => {
            const state = h("span", {});
            const bar = h("div", {});
            bars.set(v.reference, {state, bar});
            return h("li", {}, h("div", {class: "row"}, versionLink(v.reference), state,
                                 h("a", {href: to.version(v.reference, {tab: "curves"})}, "curves"),
                                 h("a", {href: to.version(v.reference, {tab: "log"})}, "log"),
                                 h("button", {type: "button", class: "small",
                                              "aria-label": `Stop ${v.reference}`,
                                              onclick: () => stopVersion(v.reference)}, "Stop…")),
                     bar);
          })));
    }
    for (const v of versions) {
      const {state, bar} = bars.get(v.reference);
      replace(state, statusMark(v.status));
      replace(bar, v.status === "Running" && progressBar(v.progress, v.reference));
    }
    const before = JSON.stringify([...now]);
    now = liveFigures(versions);
    if (JSON.stringify([...now]) !== before) drawLatest();
    runningTitle.textContent = versions.length
      ? `Under way: ${count(versions.length, "version")}` : "Under way";
  };
  const runningBlock = section("Under way", running);
  const runningTitle = runningBlock.querySelector("h2");
  await refresh();
  live({versions: []});
  return {title: "Overview", refresh, live,
          content: [heading("Overview"), counts, runningBlock, section("Latest versions", latest)]};
}
