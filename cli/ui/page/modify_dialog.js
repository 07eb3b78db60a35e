// The form that makes a version's successor, drawn from the description of its algorithm.

import {askForAction} from "./action_dialog.js";
import {freshId, h, replace} from "./dom.js";
import {exact} from "./format.js";
import {versionLink} from "./parts.js";
import {navigate, to} from "./router.js";

function range(p) {
  if (p.range) return p.range;
  const parts = [];
  if (p.min !== null && p.min !== undefined) parts.push(`at least ${exact(p.min)}`);
  if (p.max !== null && p.max !== undefined) parts.push(`at most ${exact(p.max)}`);
  return parts.join(", ");
}

function control(p, id, changed) {
  const value = exact(p.value ?? p.default);
  const described = `${id}-about`;
  if (String(p.type).toLowerCase() === "boolean") {
    return h("select", {id, onchange: changed, "aria-describedby": described},
             [...(value === "" ? [""] : []), "true", "false"].map((text) => h("option", {selected: text === value}, text)));
  }
  if (p.choices?.length) {
    const choices = p.choices.map(exact);
    if (!choices.includes(value)) choices.unshift(value);
    return h("select", {id, onchange: changed, "aria-describedby": described},
             choices.map((text) => h("option", {selected: text === value}, text)));
  }
  const numeric = ["float", "integer"].includes(String(p.type).toLowerCase());
  return h("input", {id, type: "text", value, inputmode: numeric ? "decimal" : null,
                     autocomplete: "off", spellcheck: "false", oninput: changed,
                     "aria-describedby": described});
}

export function modifyVersion(version) {
  const form = version.form ?? {parameters: [], other: []};
  const rows = [];
  const summary = h("p", {class: "dim", role: "status"});

  const row = (p, soon) => {
    const id = freshId("set");
    const before = exact(p.value ?? p.default);
    const mark = h("span", {class: "changed-mark"});
    const wrong = h("p", {class: "wrong", id: `${id}-wrong`, role: "alert"});
    const changed = () => {
      const differs = input.value.trim() !== before;
      node.classList.toggle("changed", differs);
      mark.textContent = differs ? `was ${before === "" ? "empty" : before}` : "";
      replace(wrong);
      input.removeAttribute("aria-invalid");
      const number = rows.filter((r) => r.input.value.trim() !== r.before).length;
      summary.textContent = number === 0 ? "Nothing is changed yet."
                                         : `${number} changed.`;
      soon();
    };
    const input = control(p, id, changed);
    const locked = p.adjustable === false;
    if (locked) input.disabled = true;
    const byDefault = p.default !== undefined && p.default !== null
      ? `default ${exact(p.default)}` : "";
    const about = [p.description, range(p), byDefault, locked && "fixed by the algorithm"]
      .filter(Boolean).join(" · ");
    const node = h("div", {class: "field set"},
                   h("label", {for: id}, p.name ?? p.key, mark), input,
                   h("p", {class: "dim", id: `${id}-about`}, about), wrong);
    rows.push({key: p.key, name: p.name ?? p.key, input, before, wrong, node});
    return node;
  };

  const collect = () => {
    const set = {};
    for (const r of rows) {
      const value = r.input.value.trim();
      if (value !== r.before && !r.input.disabled) set[r.key] = value;
    }
    return {set};
  };

  // What is wrong with a setting stands at it; the rest is returned.
  const failed = (error) => {
    const escaped = (name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const isNamed = (r, text) =>
      new RegExp(`(^|[^\\w.])(${escaped(r.key)}|${escaped(r.name)})([^\\w]|$)`).test(text);
    const changedRows = rows.filter((r) => r.input.value.trim() !== r.before);
    const find = (text) => changedRows.find((r) => isNamed(r, text)) ??
      rows.find((r) => r.name.length > 1 && isNamed(r, text));
    const lines = error.message.split("\n").map((line) => line.replace(/^--set: /, ""));
    const hint = lines.length === 1 ? error.hint : "";
    for (const r of rows) {
      replace(r.wrong);
      r.input.removeAttribute("aria-invalid");
    }
    const left = [];
    let first = null;
    for (const line of lines) {
      const at = find(line) ?? (hint && find(hint));
      if (!at) {
        left.push(line);
        continue;
      }
      replace(at.wrong, at.wrong.textContent && [at.wrong.textContent, h("br")], line,
              hint && h("span", {class: "hint"}, ` ${hint}`));
      at.input.setAttribute("aria-invalid", "true");
      at.node.closest("details")?.setAttribute("open", "");
      first ??= at;
    }
    first?.input.focus();
    return left.length === 0 ? null : {message: left.join("\n"), hint: first ? "" : error.hint};
  };

  summary.textContent = "Nothing is changed yet.";
  return askForAction({
    title: `Modify ${version.reference}`, action: "modify_version", wide: true,
    fixed: {reference: version.reference}, verb: "Train the next version", collect, failed,
    intro: [h("p", {}, "Trains the next version of this job with these settings, in the " +
                       "background."),
            form.description && h("p", {class: "dim"}, `${form.algorithm}: ${form.description}`)],
    body: (soon) => {
      const find = h("input", {type: "search", placeholder: "Find a setting",
                               "aria-label": "Find a setting", oninput: () => {
        const text = find.value.trim().toLowerCase();
        for (const r of rows) {
          r.node.hidden = text !== "" && !r.key.toLowerCase().includes(text);
        }
        if (text) others?.setAttribute("open", "");
      }});
      const parameters = form.parameters.map((p) => row(p, soon));
      const others = form.other?.length
        ? h("details", {}, h("summary", {}, "Other settings"),
            h("div", {class: "fields"}, form.other.map((o) => row(o, soon))))
        : null;
      return [h("div", {class: "form-tools"}, find, summary),
              h("div", {class: "fields"}, parameters), others];
    },
    done: (result) => {
      const reference = result.reference ?? version.reference;
      navigate(to.version(reference));
      return ["Started ", versionLink(reference)];
    },
  });
}
