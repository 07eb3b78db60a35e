// A log as it is written: its end first, more on request, never more lines than a page can bear.

import {get} from "./api.js";
import {debounced, freshId, h, replace} from "./dom.js";
import {bytes, count} from "./format.js";
import {problem} from "./parts.js";

const PIECE = 128 * 1024;
const MOST_LINES = 6000;
const MOST_CHARACTERS = 4000;

// What a terminal would show of it: colours are dropped, and what was drawn over is gone.
function plain(line) {
  const text = line.replace(/\x1b\[[0-9;?]*[ -\/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)?/g, "")
    .replace(/\r+$/, "");
  const shown = text.split("\r").reduce((below, over) => over + below.slice(over.length), "")
    .replace(/[\x00-\x08\x0b-\x1f\x7f]/g, "\ufffd");
  return shown.length > MOST_CHARACTERS ? `${shown.slice(0, MOST_CHARACTERS)} …` : shown;
}

// Returns {node, more(): fetch what is new}. `of` says whose, {ref} of a version or {service};
// `running` whether to follow at first.
export function logView({of, running, signal}) {
  let begin = 0;
  let end = 0;
  let rest = "";
  let lines = [];
  let busy = false;
  let first = true;
  let cut = false;

  const body = h("div", {class: "log-lines"});
  const box = h("div", {class: "log", tabindex: "0", role: "log", "aria-label": "Log",
                        "aria-live": "off", onscroll: () => {
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 30;
    if (!atEnd && follow.checked && box.scrollTop < lastTop - 4) follow.checked = false;
    lastTop = box.scrollTop;
  }}, body);
  let lastTop = 0;
  const state = h("p", {class: "dim", role: "status"});
  const trouble = h("div", {});
  const earlier = h("button", {type: "button", hidden: true, onclick: () => loadEarlier()},
                    "Load earlier lines");
  const followId = freshId("follow");
  const wrapId = freshId("wrap");
  const follow = h("input", {id: followId, type: "checkbox", checked: running,
                             onchange: () => follow.checked && toEnd()});
  const wrap = h("input", {id: wrapId, type: "checkbox", checked: true, onchange: () =>
    box.classList.toggle("wrapped", wrap.checked)});
  box.classList.add("wrapped");
  const searchId = freshId("search");
  const search = h("input", {id: searchId, type: "search", placeholder: "Search in the log",
                             "data-slash": true, oninput: debounced(120, () => draw())});

  const toEnd = () => {
    box.scrollTop = box.scrollHeight;
    lastTop = box.scrollTop;
  };

  const marked = (line, wanted) => {
    const parts = [];
    const lower = line.toLowerCase();
    let from = 0;
    for (let at = lower.indexOf(wanted); at >= 0 && parts.length < 200;
         at = lower.indexOf(wanted, from)) {
      parts.push(line.slice(from, at), h("mark", {}, line.slice(at, at + wanted.length)));
      from = at + wanted.length;
    }
    parts.push(line.slice(from));
    return parts;
  };

  const lineNode = (line, wanted) => h("div", {}, wanted ? marked(line, wanted) : line || "\u00a0");

  const tell = (found) => {
    const size = `${bytes(end - begin)} of ${bytes(Math.max(end, 0))}`;
    state.textContent = (search.value.trim() ? `${count(found, "line")} with it · ` : "") +
      (begin > 0 || cut ? `${count(lines.length, "line")}, ${size}` : count(lines.length, "line"));
    earlier.hidden = begin === 0;
  };

  const draw = () => {
    const wanted = search.value.trim().toLowerCase();
    const shown = wanted ? lines.filter((line) => line.toLowerCase().includes(wanted)) : lines;
    replace(body, shown.map((line) => lineNode(line, wanted)));
    tell(shown.length);
    if (lines.length === 0) replace(body, h("div", {class: "dim"}, "The log is empty."));
    if (follow.checked) toEnd();
  };

  // A line that has no end yet, as a bar of progress or the last words of a crash.
  const openLine = h("div", {});

  const take = (text) => {
    openLine.remove();
    const all = (rest + text).split("\n");
    rest = all.pop();
    const fresh = all.map(plain);
    const wanted = search.value.trim().toLowerCase();
    if (lines.length === 0) body.replaceChildren();
    for (const line of fresh) {
      lines.push(line);
      if (!wanted || line.toLowerCase().includes(wanted)) body.append(lineNode(line, wanted));
    }
    if (lines.length > MOST_LINES) {
      const over = lines.length - MOST_LINES;
      lines.splice(0, over);
      cut = true;
      if (wanted) draw();
      else for (let i = 0; i < over; ++i) body.firstChild?.remove();
    }
    tell(body.children.length);
    openLine.textContent = plain(rest);
    if (rest) body.append(openLine);
    if (follow.checked) toEnd();
  };

  // One piece from where it is known to; more pieces until there is nothing new.
  const more = async () => {
    if (busy) return;
    busy = true;
    try {
      for (;;) {
        const piece = await get("log", {...of, offset: first ? -PIECE : end, bytes: PIECE}, signal);
        // It has begun anew: the old one is full.
        if (!first && piece.offset < end) {
          first = true;
          lines = [];
          rest = "";
          continue;
        }
        if (first) {
          begin = piece.offset;
          first = false;
          // The first line may be half of one.
          if (begin > 0) {
            const at = piece.text.indexOf("\n");
            begin += new TextEncoder().encode(piece.text.slice(0, at + 1)).length;
            piece.text = piece.text.slice(at + 1);
          }
          body.replaceChildren();
        }
        const known = end;
        end = piece.end;
        take(piece.text);
        if (piece.text === "" || end === known || end - piece.offset < PIECE / 2) break;
      }
      if (lines.length === 0 && !rest) draw();
      replace(trouble);
    } catch (error) {
      if (error.name !== "AbortError") replace(trouble, problem(error));
    } finally {
      busy = false;
    }
  };

  const loadEarlier = async () => {
    follow.checked = false;
    const from = Math.max(0, begin - PIECE);
    const piece = await get("log", {...of, offset: from, bytes: begin - from}, signal);
    let {text} = piece;
    begin = from;
    if (from > 0) {
      const at = text.indexOf("\n");
      begin += new TextEncoder().encode(text.slice(0, at + 1)).length;
      text = text.slice(at + 1);
    }
    const height = box.scrollHeight - box.scrollTop;
    lines = [...text.split("\n").slice(0, -1).map(plain), ...lines];
    draw();
    box.scrollTop = box.scrollHeight - height;
    lastTop = box.scrollTop;
  };

  return {
    node: [
      h("div", {class: "tools"},
        h("label", {for: searchId, class: "unseen"}, "Search in the log"), search,
        h("div", {class: "field inline"}, follow, h("label", {for: followId}, "Follow")),
        h("div", {class: "field inline"}, wrap, h("label", {for: wrapId}, "Wrap lines")),
        earlier, state),
      trouble, box],
    more,
  };
}
