// A box for the language of --filter, with names to choose from and the server's own errors.

import {debounced, freshId, h, replace} from "./dom.js";

const STATUSES = ["Initializing", "Pending", "Running", "Completed", "Failed", "Terminated",
                  "Abnormal"];

// The word that the cursor stands behind.
function wordAt(input) {
  const before = input.value.slice(0, input.selectionStart);
  return /[\w.\/-]*$/.exec(before)[0];
}

function choicesFor(input, fields) {
  const word = wordAt(input);
  const before = input.value.slice(0, input.selectionStart - word.length);
  if (/\bstatus\s*(=|==|!=|~)\s*$/.test(before)) {
    return STATUSES.filter((s) => s.toLowerCase().startsWith(word.toLowerCase()));
  }
  // A value is expected, which nobody can guess.
  if (/(=|<|>|~)\s*$/.test(before) || !word) return [];
  const lower = word.toLowerCase();
  const known = [...fields, "and", "or", "not"];
  const starts = known.filter((f) => f.toLowerCase().startsWith(lower) && f !== word);
  const inside = known.filter((f) => f.toLowerCase().includes(lower) &&
                                     !f.toLowerCase().startsWith(lower));
  return [...starts, ...inside].slice(0, 9);
}

// `fields()` are the names; `apply(text)` is called when typing pauses.
export function filterBox({value, fields, apply, label = "Filter", example}) {
  const id = freshId("filter");
  const list = h("ul", {id: `${id}-list`, role: "listbox", class: "choices", hidden: true,
                        "aria-label": "Names"});
  const wrong = h("p", {class: "wrong", id: `${id}-wrong`, role: "alert"});
  let choices = [];
  let at = -1;

  const soon = debounced(250, () => apply(input.value.trim()));
  const hide = () => {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = () => {
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", i === at));
    if (at >= 0) input.setAttribute("aria-activedescendant", list.children[at].id);
    else input.removeAttribute("aria-activedescendant");
  };
  const take = (choice) => {
    const word = wordAt(input);
    const start = input.selectionStart - word.length;
    const rest = input.value.slice(input.selectionStart);
    input.value = `${input.value.slice(0, start)}${choice} ${rest.trimStart()}`;
    input.setSelectionRange(start + choice.length + 1, start + choice.length + 1);
    hide();
    soon();
  };
  const offer = () => {
    choices = choicesFor(input, fields());
    at = -1;
    if (!choices.length) return hide();
    replace(list, choices.map((choice, i) => h("li", {
      role: "option", id: `${id}-${i}`, "aria-selected": "false",
      onpointerdown: (event) => {
        event.preventDefault();
        take(choice);
      }}, choice)));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    return undefined;
  };
  const input = h("input", {
    id, type: "text", class: "filter", value: value ?? "", autocomplete: "off",
    spellcheck: "false", placeholder: example, role: "combobox", "aria-expanded": "false",
    "aria-autocomplete": "list", "aria-controls": list.id, "aria-describedby": wrong.id,
    "data-slash": true,
    oninput: () => {
      offer();
      soon();
    },
    onblur: hide,
    onkeydown: (event) => {
      if (list.hidden) {
        if (event.key === "Enter") apply(input.value.trim());
        return;
      }
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        const step = event.key === "ArrowDown" ? 1 : -1;
        at = (at + step + choices.length + (at < 0 && step < 0 ? 1 : 0)) % choices.length;
        mark();
      } else if (event.key === "Tab" || (event.key === "Enter" && at >= 0)) {
        event.preventDefault();
        take(choices[Math.max(at, 0)]);
      } else if (event.key === "Enter") {
        hide();
        apply(input.value.trim());
      } else if (event.key === "Escape") {
        event.preventDefault();
        hide();
      }
    },
  });
  const node = h("div", {class: "filter-box"},
                 h("label", {for: id, class: "unseen"}, label),
                 h("div", {class: "holds-choices"}, input, list), wrong);
  return {
    node,
    // The server's words about what stands in the box; null: nothing is wrong.
    tell(error) {
      if (error) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      replace(wrong, error && [error.message, error.hint && h("span", {class: "hint"},
                                                              ` ${error.hint}`)]);
    },
  };
}
