// Dialogs: the browser's own, which keeps the focus inside and closes with Escape.

import {freshId, h} from "./dom.js";

// `content` is nodes; `close()` of what is returned closes it. `wide` for pictures and long forms.
export function openDialog({title, content, wide = false, closed}) {
  const id = freshId("dialog");
  const before = document.activeElement;
  const close = () => dialog.close();
  const dialog = h("dialog", {"aria-labelledby": id, class: wide ? "wide" : null},
                   h("div", {class: "dialog-head"},
                     h("h2", {id}, title),
                     h("button", {type: "button", class: "quiet", "aria-label": "Close",
                                  onclick: close}, "✕")),
                   h("div", {class: "dialog-body"}, content));
  // A click beside it closes it too.
  let pressed = null;
  dialog.addEventListener("pointerdown", (event) => { pressed = event.target; });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog && pressed === dialog) close();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    closed?.();
    if (before?.isConnected) before.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return {dialog, close};
}

// Goes away by itself, unless it is looked at.
export function toast(...content) {
  const leave = () => note.remove();
  const note = h("div", {class: "toast", role: "status"}, h("div", {}, content),
                 h("button", {type: "button", class: "quiet", "aria-label": "Close",
                              onclick: leave}, "✕"));
  let timer = setTimeout(leave, 12000);
  note.addEventListener("pointerenter", () => clearTimeout(timer));
  note.addEventListener("focusin", () => clearTimeout(timer));
  note.addEventListener("pointerleave", () => { timer = setTimeout(leave, 4000); });
  document.getElementById("toasts").append(note);
}
