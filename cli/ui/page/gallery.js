// Pictures in a grid, and one of them whole in a dialog.

import {address} from "./api.js";
import {h, replace} from "./dom.js";
import {openDialog} from "./dialog.js";
import {bar} from "./parts.js";

export const isPicture = (file) => /\.(jpe?g|png|bmp|gif|webp|tiff?)$/i.test(file);

function shown(source, size, file, lazy) {
  if (!isPicture(file)) return h("span", {class: "no-picture"}, file);
  const image = h("img", {src: address("picture", {...source, size}), alt: file,
                          loading: lazy ? "lazy" : null, decoding: "async"});
  image.addEventListener("error", () => {
    image.replaceWith(h("span", {class: "no-picture"}, "cannot be shown"));
  });
  return image;
}

// `items` is [{source: parameters of /api/picture, file, title: [nodes], about(): [nodes], kind,
// what: the title when it is opened}, …]. Returns the list; `about` is made when the picture is
// opened.
export function gallery(items, label) {
  return h("ul", {class: "gallery", "aria-label": label}, items.map((item, i) =>
    h("li", {class: item.kind}, h("button", {
      type: "button", onclick: () => openPicture(items, i)},
      h("span", {class: "thumb"}, shown(item.source, 160, item.file, true)),
      h("span", {class: "caption"}, item.title)))));
}

function openPicture(items, start) {
  let at = start;
  const picture = h("div", {class: "whole"});
  const about = h("div", {class: "about"});
  const place = h("p", {class: "dim", role: "status"});
  const go = (step) => {
    at = Math.max(0, Math.min(items.length - 1, at + step));
    draw();
  };
  const before = h("button", {type: "button", "aria-label": "Previous picture",
                              onclick: () => go(-1)}, "←");
  const after = h("button", {type: "button", "aria-label": "Next picture",
                             onclick: () => go(1)}, "→");
  const draw = () => {
    const item = items[at];
    replace(picture, shown(item.source, 0, item.file, false));
    replace(about, h("p", {class: "path"}, item.file), item.about?.(opened?.close));
    place.textContent = `${at + 1} of ${items.length}`;
    before.disabled = at === 0;
    after.disabled = at === items.length - 1;
  };
  let opened = null;
  opened = openDialog({title: items[at].what ?? "Picture", wide: true, content: [
    h("div", {class: "viewer"}, picture,
      h("div", {class: "beside"}, h("div", {class: "buttons start"}, before, after, place), about)),
  ]});
  draw();
  opened.dialog.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea")) return;
    if (event.key === "ArrowLeft") go(-1);
    if (event.key === "ArrowRight") go(1);
  });
}

// Probabilities, the highest first.
export function scoreBars(scores, label) {
  const sorted = Object.entries(scores ?? {}).sort(([, a], [, b]) => b - a).slice(0, 12);
  return h("ul", {class: "scores"}, sorted.map(([name, score]) =>
    h("li", {}, h("span", {}, name, name === label && h("b", {}, " (its label)")),
      bar(score, score.toFixed(4), name === label ? "good" : ""))));
}

// Buttons to the pages of a list; `go(offset)`.
export function pager(total, offset, limit, go) {
  if (total <= limit && offset === 0) return null;
  const to = Math.min(total, offset + limit);
  return h("div", {class: "pager"},
           h("button", {type: "button", disabled: offset === 0,
                        onclick: () => go(Math.max(0, offset - limit))}, "← Before"),
           h("span", {role: "status"}, `${offset + 1} to ${to} of ${total}`),
           h("button", {type: "button", disabled: to >= total,
                        onclick: () => go(offset + limit)}, "After →"));
}
