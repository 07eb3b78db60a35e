// Another label for a picture of a dataset.

import {command} from "./api.js";
import {announce, debounced, freshId, h, replace} from "./dom.js";
import {commandLine, problem} from "./parts.js";

// `done(labels)` is called with what it has now.
export function relabelForm({dataset, picture, labels, names, done}) {
  const id = freshId("label");
  const input = h("input", {id, type: "text", list: `${id}-names`, value: labels[0] ?? "",
                            autocomplete: "off", spellcheck: "false", oninput: () => soon()});
  const shown = h("div", {class: "equivalent"});
  const trouble = h("div", {});
  const fields = () => ({dataset, picture, label: input.value.trim()});
  const soon = debounced(250, async () => {
    try {
      const answer = await command("label_picture", fields(), true);
      replace(shown, commandLine(answer.command));
    } catch (error) {
      replace(shown, h("p", {class: "dim"}, error.message));
    }
  });
  const send = async (event) => {
    event.preventDefault();
    try {
      const answer = await command("label_picture", fields());
      replace(trouble, h("p", {class: "good-words", role: "status"}, "Saved."));
      replace(shown, commandLine(answer.command));
      announce("The label is saved");
      done(answer.result?.after ?? (input.value.trim() ? [input.value.trim()] : []));
    } catch (error) {
      replace(trouble, problem({message: error.message, hint: error.hint}));
    }
  };
  soon();
  return h("form", {class: "relabel", onsubmit: send},
    h("label", {for: id}, "Another label"),
    h("div", {class: "tools"}, input,
      h("datalist", {id: `${id}-names`}, names.map((name) => h("option", {value: name}))),
      h("button", {type: "submit", class: "primary"}, "Relabel")),
    h("p", {class: "dim"}, "Empty: no label. Published versions stay as they are."),
    trouble, shown);
}
