// One form for every action: its fields, the command that does the same, and what comes of it.

import {command} from "./api.js";
import {debounced, freshId, h, replace} from "./dom.js";
import {openDialog, toast} from "./dialog.js";
import {commandLine, problem} from "./parts.js";

// `fields` is [{key, label, hint?, value?, required?, choices?, suggestions?, kind?: "text" |
// "check"}, …].
// Returns {nodes, values()}: values leaves out what is empty.
export function formFields(fields, changed) {
  const inputs = new Map();
  const nodes = fields.map((field) => {
    const id = freshId("field");
    let input;
    if (field.choices) {
      input = h("select", {id, onchange: changed}, field.choices.map((choice) =>
        h("option", {value: choice, selected: choice === field.value}, choice)));
    } else if (field.kind === "check") {
      input = h("input", {id, type: "checkbox", checked: field.value, onchange: changed});
    } else {
      input = h("input", {id, type: "text", value: field.value ?? "", autocomplete: "off",
                          spellcheck: "false", required: field.required, oninput: changed,
                          "data-key": field.key, placeholder: field.placeholder,
                          "aria-describedby": field.hint ? `${id}-hint` : null,
                          list: field.suggestions?.length ? `${id}-list` : null});
    }
    inputs.set(field.key, input);
    const hint = field.hint && h("p", {id: `${id}-hint`, class: "dim"}, field.hint);
    if (field.kind === "check") {
      return h("div", {class: "field check"}, input, h("label", {for: id}, field.label), hint);
    }
    return h("div", {class: "field"}, h("label", {for: id}, field.label), input,
             field.suggestions?.length > 0 && h("datalist", {id: `${id}-list`},
               field.suggestions.map((value) => h("option", {value}))), hint);
  });
  const values = () => {
    const found = {};
    for (const [key, input] of inputs) {
      if (input.type === "checkbox") {
        if (input.checked) found[key] = true;
      } else if (input.value.trim() !== "") {
        found[key] = input.value.trim();
      }
    }
    return found;
  };
  return {nodes, values, inputs};
}

// Asks, runs, and tells. `intro` says what will be; `confirm` is a text that must be typed first;
// `collect` gives fields of a form of its own, `failed(error)` may show at their places what is
// wrong and returns what is left of it, or null; `done(result)` returns what the note says, or goes
// elsewhere.
export function askForAction({title, action, fixed = {}, fields = [], intro, verb, danger, confirm,
                              body, collect, failed, done, wide}) {
  const shown = h("div", {class: "equivalent", "aria-live": "polite"});
  const trouble = h("div", {});
  const values = () => ({...fixed, ...form.values(), ...collect?.()});
  let asked = 0;
  const dry = async () => {
    const mine = ++asked;
    const given = values();
    if (fields.some((field) => field.required && given[field.key] === undefined)) {
      replace(shown);
      return;
    }
    try {
      const answer = await command(action, given, true);
      if (mine === asked) replace(shown, h("p", {class: "dim"}, "The same in a terminal:"),
                                  commandLine(answer.command));
    } catch (error) {
      if (mine === asked) replace(shown, h("p", {class: "dim"}, error.message));
    }
  };
  const soon = debounced(200, dry);
  const form = formFields(fields, soon);
  const typed = confirm && h("input", {type: "text", id: freshId("confirm"), autocomplete: "off",
                                       spellcheck: "false", oninput: () => check()});
  const submit = h("button", {type: "submit", class: danger ? "danger" : "primary"}, verb);
  const check = () => {
    if (confirm) submit.disabled = typed.value !== confirm;
  };
  const send = async (event) => {
    event.preventDefault();
    if (submit.disabled) return;
    const given = values();
    const missing = fields.find((field) => field.required && given[field.key] === undefined);
    if (missing) {
      replace(trouble, problem({message: `${missing.label} is missing`}));
      form.inputs.get(missing.key).focus();
      return;
    }
    submit.disabled = true;
    submit.setAttribute("aria-busy", "true");
    replace(trouble);
    try {
      const answer = await command(action, given);
      opened.close();
      const words = done?.(answer.result ?? {}, given);
      toast(words ?? `${title}: done`, commandLine(answer.command));
    } catch (error) {
      const left = failed ? failed(error) : error;
      // The command stands below already.
      replace(trouble, left && problem({message: left.message, hint: left.hint}));
      submit.disabled = false;
      submit.removeAttribute("aria-busy");
    }
  };
  const opened = openDialog({title, wide, content: h("form", {onsubmit: send, novalidate: true},
    intro, body?.(soon), form.nodes,
    confirm && h("div", {class: "field"},
                 h("label", {for: typed.id}, "Type ", h("b", {}, confirm), " to confirm"), typed),
    h("div", {class: "dialog-foot"}, trouble, shown,
      h("div", {class: "buttons"},
        h("button", {type: "button", onclick: () => opened.close()}, "Cancel"), submit)))});
  check();
  dry();
  const first = opened.dialog.querySelector("form input, form select, form textarea");
  (first ?? (danger ? opened.dialog.querySelector(".buttons button") : submit)).focus();
  return opened;
}
