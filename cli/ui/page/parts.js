// Small things that many views show.

import {announce, h} from "./dom.js";
import {duration, number} from "./format.js";
import {to} from "./router.js";

const SIGNS = {
  Initializing: "◌", Pending: "◔", Running: "▶", Completed: "✓", Failed: "✕", Terminated: "■",
  Abnormal: "!",
};

export const isActive = (status) => ["Initializing", "Pending", "Running"].includes(status);

// A sign and a word, so that nobody needs the colour.
export function statusMark(status, reason) {
  return h("span", {class: `status ${String(status).toLowerCase()}`, title: reason || null},
           h("span", {class: "sign", "aria-hidden": "true"}, SIGNS[status] ?? "·"), status);
}

// What went wrong, and what to do.
export function problem(error) {
  return h("div", {class: "problem", role: "alert"},
           h("p", {}, h("strong", {}, error.message)),
           error.hint && h("p", {class: "hint"}, error.hint),
           error.command && commandLine(error.command));
}

export function empty(...words) {
  return h("p", {class: "empty"}, words);
}

// The share that is done, 0 to 1; unknown without a number.
export function shareOf(progress) {
  if (!progress) return null;
  if (progress.phase) return progress.total > 0 ? progress.done / progress.total : null;
  if (progress.stage || !progress.steps || !progress.epochs) return null;
  return Math.min(1, (Math.max(0, progress.epoch - 1) + progress.step / progress.steps) /
                     progress.epochs);
}

export function progressWords(progress) {
  if (!progress) return "";
  if (progress.phase) return `${progress.phase} ${progress.done} of ${progress.total}`;
  const words = [progress.stage || `epoch ${progress.epoch} of ${progress.epochs}`];
  if (!progress.stage) words.push(`step ${progress.step} of ${progress.steps}`);
  if (typeof progress.metric === "number") {
    words.push(`${progress.metric_name} ${number(progress.metric)}`);
  }
  if (typeof progress.seconds_left === "number") {
    words.push(`${duration(progress.seconds_left)} left`);
  }
  return words.join(" · ");
}

// The latest loss and validation metric of what runs, by reference.
export function liveFigures(versions) {
  return new Map(versions.filter((v) => v.status === "Running" && v.progress).map((v) => {
    const {loss, metric_name: name, metric} = v.progress;
    return [v.reference, {loss, ...(name && {[name]: metric})}];
  }));
}

export function progressBar(progress, name) {
  const share = shareOf(progress);
  return h("div", {class: "progress"},
           h("progress", {"aria-label": `${name}: done`, max: share === null ? null : 1,
                          value: share === null ? null : share}),
           h("span", {class: "dim"}, progressWords(progress)));
}

export function copyButton(text, what = "Copy") {
  const button = h("button", {type: "button", class: "quiet small"}, what);
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = "Copied";
      announce("Copied");
    } catch {
      button.textContent = "Select it and copy";
    }
    setTimeout(() => { button.textContent = what; }, 1500);
  };
  return button;
}

// The command that does the same in a terminal.
export function commandLine(text) {
  return h("div", {class: "command"}, h("code", {}, text), copyButton(() => text));
}

// [[name, value], …] as a list of terms; what has no value is left out.
export function facts(rows) {
  const present = rows.filter(([, value]) => ![null, undefined, "", false].includes(value));
  return h("dl", {class: "facts"}, present.map(([name, value]) =>
    h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

export function section(title, ...content) {
  return h("section", {class: "block"}, h("h2", {}, title), content);
}

export function versionLink(reference, query) {
  return h("a", {href: to.version(reference, query), class: "name"}, reference);
}

// A table of what is there as a whole. `columns` is [[title, row → content, "number"?], …]; without
// a title it is of buttons.
export function plainTable(caption, columns, rows, rowClass) {
  return h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": caption},
           h("table", {class: "plain"},
             h("caption", {class: "unseen"}, caption),
             h("thead", {}, h("tr", {}, columns.map(([title, , kind]) =>
               h("th", {scope: "col", class: kind},
                 title || h("span", {class: "unseen"}, "Actions"))))),
             h("tbody", {}, rows.map((row, i) =>
               h("tr", {class: rowClass?.(row, i)}, columns.map(([, cell, kind], column) =>
                 column === 0 ? h("th", {scope: "row", class: kind}, cell(row, i))
                              : h("td", {class: kind}, cell(row, i))))))));
}

// A bar behind a number between 0 and 1.
export function bar(share, text, kind = "") {
  return h("span", {class: `bar ${kind}`, style: {"--share": Math.max(0, Math.min(1, share || 0))}},
           h("span", {}, text));
}

export function heading(title, ...besides) {
  return h("div", {class: "heading"}, h("h1", {}, title), besides);
}

export function trail(...links) {
  return h("nav", {class: "trail", "aria-label": "Where this is"},
           h("ol", {}, links.map(([name, href]) =>
             h("li", {}, href ? h("a", {href}, name) : name))));
}
