// Parallel coordinates: an axis for each number that differs, a line for each version. Dragging
// along an axis keeps the lines that go through there; the fields below do the same.

import {colour} from "./chart.js";
import {freshId, h, replace, svg} from "./dom.js";
import {number} from "./format.js";
import {linear, logarithmic, ticks} from "./scale.js";

const HEIGHT = 280;
const TOP = 34;
const BOTTOM = 20;

function scaleFor(values) {
  const finite = values.filter(Number.isFinite);
  let low = Math.min(...finite);
  let high = Math.max(...finite);
  if (low === high) [low, high] = [low - Math.abs(low || 1) / 2, high + Math.abs(high || 1) / 2];
  const log = low > 0 && high / low >= 50;
  return {low, high, place: (log ? logarithmic : linear)(low, high, HEIGHT - BOTTOM, TOP), log};
}

// `axes` is [{name, values: [number or null, one for each version]}, …]; `names` are the versions.
export function parallelCoordinates({axes, names, open}) {
  if (axes.length < 2) return null;
  const scales = axes.map((axis) => scaleFor(axis.values));
  const brushes = axes.map(() => null);
  const canvas = svg("svg", {class: "parallel", role: "img", height: HEIGHT,
                             "aria-label": `Parallel coordinates of ${names.length} versions over ` +
                                           axes.map((axis) => axis.name).join(", ")});
  const holder = h("div", {class: "scroll parallel-holder", tabindex: "0", role: "region",
                           "aria-label": "Parallel coordinates"}, canvas);
  const words = h("p", {class: "dim", role: "status"});
  let lines = [];
  let step = 0;

  const inside = (v) => axes.every((axis, a) => {
    const brush = brushes[a];
    const value = axis.values[v];
    if (!brush || !Number.isFinite(value)) return !brush;
    // As it is seen: up to a pixel.
    const {place} = scales[a];
    return place(value) <= place(brush[0]) + 1 && place(value) >= place(brush[1]) - 1;
  });

  const mark = () => {
    let kept = 0;
    lines.forEach((line, v) => {
      const on = inside(v);
      kept += on;
      line.classList.toggle("faded", !on);
    });
    words.textContent = brushes.some(Boolean)
      ? `${kept} of ${names.length} versions: ` +
        names.filter((_, v) => inside(v)).slice(0, 12).join(", ")
      : "Drag along an axis to choose; click on it to choose all again.";
    canvas.querySelectorAll(".brush").forEach((rect, a) => {
      const brush = brushes[a];
      if (!brush) return rect.setAttribute("height", 0);
      const [y0, y1] = [scales[a].place(brush[1]), scales[a].place(brush[0])];
      rect.setAttribute("y", y0);
      rect.setAttribute("height", Math.max(1, y1 - y0));
      return undefined;
    });
    fields.forEach((pair, a) => pair.forEach((input, end) => {
      if (document.activeElement !== input) {
        input.value = brushes[a] ? number(brushes[a][end]) : "";
      }
    }));
  };

  const draw = () => {
    const width = Math.max(holder.clientWidth - 4, axes.length * 92);
    step = (width - 110) / (axes.length - 1);
    canvas.setAttribute("width", width);
    canvas.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const at = (a) => 60 + a * step;
    lines = names.map((name, v) => {
      let d = "";
      let pen = false;
      axes.forEach((axis, a) => {
        const value = axis.values[v];
        if (!Number.isFinite(value)) {
          pen = false;
          return;
        }
        d += `${pen ? "L" : "M"}${at(a).toFixed(1)} ${scales[a].place(value).toFixed(1)}`;
        pen = true;
      });
      const line = svg("path", {d, class: `line ${colour(v)}`,
                                "stroke-dasharray": v >= 8 ? "6 3" : null},
                       svg("title", {}, name));
      line.addEventListener("click", () => open?.(name));
      return line;
    });
    replace(canvas, lines, axes.map((axis, a) => {
      const marks = scales[a].log ? [scales[a].low, scales[a].high]
                                  : ticks(scales[a].low, scales[a].high, 4);
      const group = svg("g", {class: "axis"},
        svg("line", {x1: at(a), x2: at(a), y1: TOP, y2: HEIGHT - BOTTOM}),
        svg("text", {x: at(a), y: 16, "text-anchor": "middle", class: "axis-name"},
            axis.name.length > 16 ? `${axis.name.slice(0, 15)}…` : axis.name,
            svg("title", {}, axis.name)),
        marks.map((value) => svg("text", {x: at(a) - 6, y: scales[a].place(value) + 4,
                                          "text-anchor": "end"}, number(value, 3))),
        svg("rect", {class: "brush", x: at(a) - 9, width: 18, height: 0}),
        svg("rect", {class: "grip", x: at(a) - 14, width: 28, y: TOP - 6,
                     height: HEIGHT - TOP - BOTTOM + 12}));
      brushing(group.lastChild, a);
      return group;
    }));
    mark();
  };

  const brushing = (grip, a) => {
    let start = null;
    const value = (event) => {
      const y = event.clientY - canvas.getBoundingClientRect().top;
      return scales[a].place.invert(Math.max(TOP, Math.min(HEIGHT - BOTTOM, y)));
    };
    grip.addEventListener("pointerdown", (event) => {
      start = [value(event), event.clientY];
      grip.setPointerCapture(event.pointerId);
    });
    grip.addEventListener("pointermove", (event) => {
      if (!start) return;
      brushes[a] = [start[0], value(event)].sort((x, y) => x - y);
      mark();
    });
    grip.addEventListener("pointerup", (event) => {
      if (start && Math.abs(event.clientY - start[1]) < 3) brushes[a] = null;
      start = null;
      mark();
    });
  };

  const fields = [];
  const table = h("div", {class: "ranges"}, axes.map((axis, a) => {
    const ids = [freshId("from"), freshId("to")];
    const change = () => {
      const values = pair.map((input) => (input.value.trim() === "" ? null : Number(input.value)));
      brushes[a] = values.every((value) => value === null || Number.isNaN(value)) ? null
        : [values[0] ?? -Infinity, values[1] ?? Infinity];
      if (brushes[a]) {
        brushes[a] = [Math.max(brushes[a][0], scales[a].low), Math.min(brushes[a][1],
                                                                       scales[a].high)];
      }
      mark();
    };
    const pair = ids.map((id) => h("input", {id, type: "text", inputmode: "decimal", size: "8",
                                             autocomplete: "off", onchange: change}));
    fields.push(pair);
    return h("div", {class: "field inline"}, h("span", {class: "name"}, axis.name),
             h("label", {for: ids[0]}, "from"), pair[0], h("label", {for: ids[1]}, "to"), pair[1]);
  }));
  const watcher = new ResizeObserver(draw);
  watcher.observe(holder);
  return {node: [holder, words, h("details", {}, h("summary", {}, "Choose by numbers"), table)],
          close: () => watcher.disconnect()};
}
