// /versions/JOB@V0003: its head, and one of its parts, which the address names.

import {get} from "./api.js";
import {createModel, deleteVersion, deploy, resumeVersion, saveParams, stopVersion,
        visualize} from "./actions.js";
import {centreSideways, h, replace} from "./dom.js";
import {hasAnswers, isTable} from "./evaluation.js";
import {duration, figure} from "./format.js";
import {modifyVersion} from "./modify_dialog.js";
import {facts, heading, isActive, progressBar, statusMark, trail, versionLink} from "./parts.js";
import {here, to} from "./router.js";
import {when} from "./times.js";
import {curvesTab, evaluationTab, filesTab, lineageTab, logTab, picturesTab,
        summaryTab} from "./version_tabs.js";

const TABS = [["summary", "Summary", summaryTab], ["curves", "Curves", curvesTab],
              ["evaluation", "Evaluation", evaluationTab], ["pictures", "Pictures", picturesTab],
              ["log", "Log", logTab], ["files", "Files", filesTab],
              ["lineage", "Lineage", lineageTab]];
// Keys of the address that belong to one part.
const OWN_KEYS = {tab: null, label: null, predicted: null, list: null, offset: null, x: null,
                  smooth: null, log: null, from: null, to: null, hide: null, order: null,
                  wrong: null, evaluation: null};

function buttons(v) {
  const reference = v.reference;
  const button = (text, act, kind = "") => h("button", {type: "button", class: kind, onclick: act},
                                             text);
  return [
    button("Modify…", () => modifyVersion(v), "primary"),
    isActive(v.status) ? button("Stop…", () => stopVersion(reference))
      : v.status !== "Completed" && button("Resume…", () => resumeVersion(reference)),
    v.can_create_model && button("Create model…", () => createModel(reference)),
    v.can_deploy && button("Deploy…", () => deploy(reference)),
    button("TensorBoard…", () => visualize([reference])),
    button("Save parameters…", () => saveParams(reference)),
    button("Delete…", () => deleteVersion(reference), "danger"),
  ];
}

// The same answer serves while nothing changes, but a running version's time goes on.
function trainedUntilNow(history) {
  return history.reduce((seconds, change, i) => {
    if (change.status !== "Running") return seconds;
    const end = i + 1 < history.length ? Date.parse(history[i + 1].time) : Date.now();
    return seconds + Math.max(0, end - Date.parse(change.time)) / 1000;
  }, 0);
}

export async function view({names, query, signal}) {
  const [asked] = names;
  let v = await get("version", {ref: asked}, signal);
  const {reference} = v;
  const wanted = query.get("tab") ?? "summary";
  const [tab, name, make] = TABS.find(([key]) => key === wanted) ?? TABS[0];

  const actions = h("div", {class: "actions", role: "group", "aria-label": "Actions"});
  const about = h("div", {});
  const trained = h("span", {});
  const drawTime = () => {
    const seconds = v.status === "Running" ? trainedUntilNow(v.history ?? []) : v.duration_s;
    trained.textContent = seconds ? duration(seconds) : "";
  };
  const clock = setInterval(() => v.status === "Running" && drawTime(), 1000);
  signal.addEventListener("abort", () => clearInterval(clock));
  const bar = h("div", {class: "head-progress"});
  const drawHead = () => {
    replace(actions, buttons(v));
    replace(about, facts([
      ["status", [statusMark(v.status), v.status_reason && ` ${v.status_reason}`]],
      ["algorithm", v.algorithm],
      ["accuracy", figure(v.accuracy)], ["f1", figure(v.f1)],
      ["parent", v.parent && versionLink(v.parent)],
      ["created", when(v.created)],
      ["training time", (v.duration_s || v.status === "Running") && trained],
      ["attempts", v.attempts > 1 ? v.attempts : ""],
    ]));
  };
  let drawnHead = "";
  const drawHeadIfChanged = () => {
    const now = JSON.stringify([v.status, v.status_reason, v.accuracy, v.f1, v.attempts,
                                v.can_create_model, v.can_deploy,
                                isActive(v.status) ? 0 : v.duration_s]);
    if (now !== drawnHead) drawHead();
    drawnHead = now;
  };
  drawTime();
  drawHeadIfChanged();

  const part = await make({v, query, signal});
  const job = reference.split("@")[0];
  const nav = h("nav", {class: "tabs", "aria-label": `Parts of ${reference}`}, h("ul", {},
    TABS.filter(([key]) => key !== "evaluation" || v.evaluation || v.evaluations?.length)
      .filter(([key]) => key !== "pictures" || hasAnswers(v) || v.has_suspects)
      .map(([key, title]) => h("li", {}, h("a", {
        href: here({...OWN_KEYS, tab: key === "summary" ? null : key}),
        "aria-current": key === tab ? "page" : null},
        key === "pictures" && isTable(v) ? "Answers" : title)))));

  centreSideways(nav, nav.querySelector("[aria-current]"));

  let lastLive = "";
  return {
    title: tab === "summary" ? reference : `${name} of ${reference}`,
    content: [trail(["Jobs", "/jobs"], [job, to.job(job)], [reference]),
              heading(reference, actions), about, bar, nav, h("div", {class: "tab"}, part.node)],
    refresh: async () => {
      v = await get("version", {ref: reference}, signal);
      drawTime();
      drawHeadIfChanged();
      await part.refresh?.(v);
    },
    live: ({versions}) => {
      const now = versions.find((one) => one.reference === reference);
      replace(bar, now?.status === "Running" && progressBar(now.progress, reference));
      const text = JSON.stringify(now ?? null);
      if (text !== lastLive) part.live?.(now);
      lastLive = text;
    },
    shown: part.shown,
    close: part.close,
  };
}
