// Parallel coordinates: an axis for each thing that differs, a line for each version. Numbers stand
// by their size, texts beside each other, and whoever has no value goes through "none" below.
// Dragging along an axis keeps the lines that go through there; the fields below do the same.

import {colour} from "./chart.js";
import {freshId, h, replace, svg} from "./dom.js";
import {number} from "./format.js";
import {linear, logarithmic, ticks} from "./scale.js";

const HEIGHT = 300;
const TOP = 34;
const BOTTOM = 20;
const NONE = HEIGHT - 16;
const GAP = 32;  // from the axis to "none"
const SIGN_WIDTH = 6.3;
const MOST_SIGNS = 12;
// Of a category, up and down.
const REACH = 8;

const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function numberScale(values, end) {
  const finite = values.filter(Number.isFinite);
  let low = Math.min(...finite);
  let high = Math.max(...finite);
  if (low === high) [low, high] = [low - Math.abs(low || 1) / 2, high + Math.abs(high || 1) / 2];
  const log = low > 0 && high / low >= 50;
  const place = (log ? logarithmic : linear)(low, high, end, TOP);
  return {low, high, place, invert: place.invert,
          marks: (log ? [low, high] : ticks(low, high, 4)).map((value) => [place(value),
                                                                           number(value, 3)])};
}

function textScale(values, end) {
  const known = [...new Set(values.filter((value) => value !== null))]
    .sort((a, b) => a.localeCompare(b, "en", {numeric: true}));
  const place = (value) => (known.length === 1 ? (TOP + end) / 2
    : end + (known.indexOf(value) / (known.length - 1)) * (TOP - end));
  return {known, place, marks: known.map((value) => [place(value), value])};
}

// `axes` is [{name, values: one for each version, isText}, …], with null where there is none; the
// others are numbers or texts. `names` are the versions, `left` is what is not drawn, with why:
// [[name, why], …].
export function parallelCoordinates({axes, left, names, open}) {
  if (axes.length < 2) return null;
  const isMissing = (a, v) => axes[a].values[v] === null;
  const lacks = axes.map((axis) => axis.values.includes(null));
  const end = lacks.some(Boolean) ? NONE - GAP : HEIGHT - BOTTOM;
  const scales = axes.map((axis) => (axis.isText ? textScale : numberScale)(axis.values, end));
  const yOf = (a, v) => (isMissing(a, v) ? NONE : scales[a].place(axes[a].values[v]));
  // Of numbers what is between two of them, {from, to}; of texts those that are kept, {kept}, with
  // null for whoever has none.
  const brushes = axes.map(() => null);
  const canvas = svg("svg", {class: "parallel", role: "img", height: HEIGHT,
                             "aria-label": `Parallel coordinates of ${names.length} versions: ` +
                                           axes.map((axis) => axis.name).join(", ")});
  const holder = h("div", {class: "scroll parallel-holder", tabindex: "0", role: "region",
                           "aria-label": "Parallel coordinates"}, canvas);
  const words = h("p", {class: "dim", role: "status"});
  const inset = Math.max(60, Math.min(120, 16 + SIGN_WIDTH * Math.max(
    ...scales[0].marks.map(([, text]) => Math.min(text.length, MOST_SIGNS)))));
  let lines = [];

  const keeps = (a, v) => {
    const brush = brushes[a];
    const value = axes[a].values[v];
    if (!brush) return true;
    if (brush.kept) return brush.kept.has(value);
    if (value === null) return false;
    // As it is seen: up to a pixel.
    const {place} = scales[a];
    return place(value) <= place(brush.from) + 1 && place(value) >= place(brush.to) - 1;
  };
  const inside = (v) => axes.every((_, a) => keeps(a, v));

  const bandsOf = (a) => {
    const brush = brushes[a];
    if (!brush) return [];
    if (!brush.kept) return [[scales[a].place(brush.to), scales[a].place(brush.from)]];
    return [...brush.kept].map((value) => (value === null ? NONE : scales[a].place(value)))
      .map((y) => [y - REACH, y + REACH]);
  };

  const mark = () => {
    const kept = names.filter((_, v) => inside(v));
    lines.forEach((line, v) => line.classList.toggle("faded", !inside(v)));
    words.textContent = brushes.some(Boolean)
      ? `${kept.length} of ${names.length} versions${kept.length ? ": " : ""}` +
        kept.slice(0, 12).join(", ")
      : "Drag along an axis to choose; click on it to choose all again.";
    canvas.querySelectorAll(".brushes").forEach((group, a) =>
      replace(group, bandsOf(a).map(([y0, y1]) => svg("rect", {
        class: "brush", x: group.dataset.x - 9, width: 18, y: y0,
        height: Math.max(1, y1 - y0)}))));
    fields.forEach((field, a) => field.show(brushes[a]));
  };

  const draw = () => {
    const width = Math.max(holder.clientWidth - 4, inset + axes.length * 92);
    const step = (width - inset - 50) / (axes.length - 1);
    canvas.setAttribute("width", width);
    canvas.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const at = (a) => inset + a * step;
    lines = names.map((name, v) => {
      const d = axes.map((_, a) => `${at(a).toFixed(1)} ${yOf(a, v).toFixed(1)}`).join("L");
      const line = svg("path", {d: `M${d}`, class: `line ${colour(v)}`,
                                "stroke-dasharray": v >= 8 ? "6 3" : null},
                       svg("title", {}, name));
      line.addEventListener("click", () => open?.(name));
      return line;
    });
    replace(canvas, lines, axes.map((axis, a) => {
      const marks = [...scales[a].marks, ...(lacks[a] ? [[NONE, "none"]] : [])];
      const group = svg("g", {class: "axis"},
        svg("line", {x1: at(a), x2: at(a), y1: TOP, y2: end}),
        lacks[a] && svg("line", {x1: at(a) - 4, x2: at(a) + 4, y1: NONE, y2: NONE}),
        svg("text", {x: at(a), y: 16, "text-anchor": "middle", class: "axis-name"},
            cut(axis.name, 14), svg("title", {}, axis.name)),
        marks.map(([y, text], i) => svg("text", {
          x: at(a) - 6, y: y + 4, "text-anchor": "end",
          class: i === scales[a].marks.length ? "none" : null}, cut(text, MOST_SIGNS),
          svg("title", {}, text))),
        svg("g", {class: "brushes", "data-x": at(a)}),
        svg("rect", {class: "grip", x: at(a) - 14, width: 28, y: TOP - REACH,
                     height: (lacks[a] ? NONE : end) - TOP + 2 * REACH}));
      brushing(group.lastChild, a);
      return group;
    }));
    mark();
  };

  // What is chosen from one height to another.
  const choice = (a, y0, y1) => {
    const [top, bottom] = [Math.min(y0, y1), Math.max(y0, y1)];
    if (axes[a].isText) {
      const kept = [...scales[a].known, ...(lacks[a] ? [null] : [])].filter((value) => {
        const y = value === null ? NONE : scales[a].place(value);
        return y >= top - REACH && y <= bottom + REACH;
      });
      return kept.length ? {kept: new Set(kept)} : null;
    }
    const value = (y) => scales[a].invert(Math.max(TOP, Math.min(end, y)));
    return {from: value(bottom), to: value(top)};
  };

  const brushing = (grip, a) => {
    let start = null;
    const height = (event) => event.clientY - canvas.getBoundingClientRect().top;
    grip.addEventListener("pointerdown", (event) => {
      start = height(event);
      grip.setPointerCapture(event.pointerId);
    });
    grip.addEventListener("pointermove", (event) => {
      if (start === null) return;
      brushes[a] = choice(a, start, height(event));
      mark();
    });
    grip.addEventListener("pointerup", (event) => {
      if (start !== null && Math.abs(height(event) - start) < 3) brushes[a] = null;
      start = null;
      mark();
    });
  };

  const rangeField = (axis, a) => {
    const ids = [freshId("from"), freshId("to")];
    const change = () => {
      const [from, to] = inputs.map((input) => (input.value.trim() === "" ? NaN
                                                                          : Number(input.value)));
      const {low, high} = scales[a];
      brushes[a] = Number.isNaN(from) && Number.isNaN(to) ? null
        : {from: Math.max(Number.isNaN(from) ? low : from, low),
           to: Math.min(Number.isNaN(to) ? high : to, high)};
      mark();
    };
    const inputs = ids.map((id) => h("input", {id, type: "text", inputmode: "decimal", size: "8",
                                               autocomplete: "off", onchange: change}));
    return {
      node: h("div", {class: "field inline", role: "group", "aria-label": axis.name},
              h("span", {class: "name"}, axis.name),
              h("label", {for: ids[0]}, "from"), inputs[0], h("label", {for: ids[1]}, "to"),
              inputs[1]),
      show: (brush) => inputs.forEach((input, i) => {
        if (document.activeElement === input) return;
        input.value = brush ? number(i === 0 ? brush.from : brush.to) : "";
      }),
    };
  };

  const choiceField = (axis, a) => {
    const values = [...scales[a].known, ...(lacks[a] ? [null] : [])];
    const change = () => {
      const kept = values.filter((_, i) => boxes[i].checked);
      brushes[a] = kept.length === values.length ? null : {kept: new Set(kept)};
      mark();
    };
    const boxes = values.map(() => h("input", {id: freshId("kept"), type: "checkbox",
                                               checked: true, onchange: change}));
    return {
      node: h("div", {class: "field inline", role: "group", "aria-label": axis.name},
              h("span", {class: "name"}, axis.name),
              boxes.map((box, i) => [box, h("label", {for: box.id}, values[i] ?? "none")])),
      show: (brush) => boxes.forEach((box, i) => {
        box.checked = !brush || brush.kept.has(values[i]);
      }),
    };
  };

  const fields = axes.map((axis, a) => (axis.isText ? choiceField : rangeField)(axis, a));
  const watcher = new ResizeObserver(draw);
  watcher.observe(holder);
  return {node: [holder, words,
                 left.length > 0 && h("p", {class: "dim"}, "Not drawn: ", left.map(
                   ([name, why], i) => [i ? ", " : "", h("code", {}, name), ` (${why})`]), "."),
                 h("details", {}, h("summary", {}, "Choose by values"),
                   h("div", {class: "ranges"}, fields.map((field) => field.node)))],
          close: () => watcher.disconnect()};
}
