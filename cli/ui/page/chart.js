// Curves over steps: one chart, drawn in SVG.

import {announce, h, replace, svg} from "./dom.js";
import {duration, number} from "./format.js";
import {linear, logarithmic, logTicks, ticks} from "./scale.js";
import {smoothedCurve} from "./smooth.js";

const LEFT = 58;
const RIGHT = 20;
// Lines and dots at the edge are whole.
const EDGE = 4;
// A digit of a tick's label; room for the name of a mark, and between marks that are told apart.
const DIGIT = 7;
const MARK_NAME = 26;
const MARK = 5;
const TOP = 10;
const BOTTOM = 26;
const ODD = {nan: NaN, inf: Infinity, "-inf": -Infinity};

export const colour = (index) => `k${index % 8}`;

function xText(value, kind) {
  return kind === "time" ? duration(value) : number(value);
}

// The index in sorted `list` that is nearest to `value`.
function nearest(list, value) {
  let low = 0;
  let high = list.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low > 0 && value - list[low - 1] < list[low] - value ? low - 1 : low;
}

// All that a curve has, by x: its points, and where it is no number.
export function pointsOf({x, y, marks}, shown = y) {
  const odd = (marks ?? []).map((m) => ({x: m.x, y: ODD[m.kind], raw: ODD[m.kind]}));
  const points = x.map((at, i) => ({x: at, y: shown[i], raw: y[i]}));
  return odd.length ? [...odd, ...points].sort((a, b) => a.x - b.x) : points;
}

function extent(lists) {
  let low = Infinity;
  let high = -Infinity;
  for (const list of lists) {
    for (const value of list) {
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : null;
}

// `zoomed(from, to)` is called with what was dragged over; without arguments for all.
export class LineChart {
  constructor({title, height = 230, zoomed}) {
    Object.assign(this, {title, height, zoomed});
    this.curves = [];
    this.options = {smooth: 0, log: false, x: "step", from: null, to: null};
    this.at = null;
    this.canvas = svg("svg", {class: "chart", tabindex: "0", role: "img"});
    this.readout = h("div", {class: "readout", hidden: true});
    this.node = h("div", {class: "chart-holder"}, this.canvas, this.readout);
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(this.node);
    this.listen();
  }

  // `curves`: [{id, name, kind: a class of colour, dash, x, y, marks}, …].
  set(curves, options) {
    this.curves = curves;
    Object.assign(this.options, options);
    this.draw();
  }

  close() {
    this.watcher.disconnect();
  }

  draw() {
    const width = this.node.clientWidth;
    if (width < 60) return;
    const {smooth, log, x: xKind} = this.options;
    const usable = (value) => Number.isFinite(value) && (!log || value > 0);
    this.drawn = this.curves.filter((c) => !c.hidden).map((c) => {
      const shown = smoothedCurve(c, smooth);
      const points = pointsOf(c, shown);
      const unseen = log ? points.filter((p) => p.raw <= 0 && Number.isFinite(p.raw)) : [];
      return {...c, raw: c.y, shown, points, unseen, places: points.map((p) => p.x)};
    });
    this.canvas.setAttribute("viewBox", `0 0 ${width} ${this.height}`);
    this.canvas.setAttribute("width", width);
    this.canvas.setAttribute("height", this.height);
    this.canvas.setAttribute("aria-label", this.words());
    const xs = extent([...this.drawn.map((c) => c.x), ...this.drawn.map((c) =>
      (c.marks ?? []).map((m) => m.x))]);
    const ys = extent(this.drawn.map((c) => c.raw.filter(usable)));
    if (!xs) {
      this.x = null;
      replace(this.canvas, svg("text", {x: width / 2, y: this.height / 2, class: "none"},
                               this.curves.length ? "All curves are hidden" : "No points yet"));
      return;
    }
    let [from, to] = [this.options.from ?? xs[0], this.options.to ?? xs[1]];
    if (from === to) [from, to] = [from - 0.5, to + 0.5];
    let [low, high] = ys ?? [0, 1];
    if (log) {
      if (low === high) [low, high] = [low / 2, high * 2];
    } else {
      const room = (high - low) * 0.05 || Math.abs(high) * 0.05 || 0.5;
      [low, high] = [low >= 0 && low - room < 0 ? 0 : low - room, high + room];
    }
    const bottom = this.height - BOTTOM;
    const yTicks = ys ? (log ? logTicks : ticks)(low, high, 5) : [];
    const left = Math.max(LEFT, 12 + DIGIT * Math.max(0, ...yTicks.map((v) => number(v).length)));
    this.left = left;
    this.x = linear(from, to, left, width - RIGHT);
    this.y = (log && ys ? logarithmic : linear)(low, high, bottom, TOP);
    const xTicks = ticks(from, to, Math.max(2, Math.floor(width / 110)));
    const id = this.clipId ??= `clip-${Math.random().toString(36).slice(2)}`;
    replace(this.canvas,
      svg("clipPath", {id}, svg("rect", {x: left - EDGE, y: 0,
                                         width: width - left - RIGHT + 2 * EDGE,
                                         height: bottom + EDGE})),
      svg("g", {class: "axis"},
        yTicks.map((value) => [
          svg("line", {x1: left, x2: width - RIGHT, y1: this.y(value), y2: this.y(value)}),
          svg("text", {x: left - 7, y: this.y(value) + 4, "text-anchor": "end"}, number(value)),
        ]),
        xTicks.map((value) => svg("text", {x: this.x(value), y: bottom + 17,
                                           "text-anchor": "middle"}, xText(value, xKind)))),
      svg("g", {"clip-path": `url(#${id})`},
        smooth > 0 && this.drawn.map((c) => this.path(c, c.raw, usable, "raw")),
        this.drawn.map((c) => this.path(c, c.shown, usable, "line")),
        this.drawn.map((c) => this.lonely(c, usable))),
      this.marks(from, to, bottom),
      !ys && svg("text", {x: (left + width) / 2, y: bottom / 2, class: "none"},
                 this.drawn.some((c) => c.unseen.length) ? "No value above 0"
                                                         : "No value is a number"),
      this.hair = svg("line", {class: "hair", y1: TOP, y2: bottom, visibility: "hidden"}),
      this.dots = svg("g", {}),
      this.band = svg("rect", {class: "band", y: TOP, height: bottom - TOP,
                               visibility: "hidden"}));
    if (this.at !== null) this.point(this.at);
  }

  // Not over points that are no numbers; a point between two of these is a dot, by its round ends.
  path(c, y, usable, kind) {
    const breaks = (c.marks ?? []).map((m) => m.x).sort((a, b) => a - b);
    let d = "";
    let at = 0;
    let drawn = 0;
    for (let i = 0; i < c.x.length; ++i) {
      while (at < breaks.length && i > 0 && breaks[at] < c.x[i - 1]) ++at;
      const isBroken = i > 0 && breaks[at] < c.x[i];
      if (isBroken || !usable(y[i])) {
        if (drawn === 1) d += "h0";
        drawn = 0;
      }
      if (!usable(y[i])) continue;
      d += `${drawn ? "L" : "M"}${this.x(c.x[i]).toFixed(1)} ${this.y(y[i]).toFixed(1)}`;
      ++drawn;
    }
    if (drawn === 1) d += "h0";
    return svg("path", {d, class: `${kind} ${c.kind}`, "stroke-dasharray": c.dash});
  }

  // A single point makes no line.
  lonely(c, usable) {
    if (c.x.length > 12) return null;
    return c.x.map((x, i) => usable(c.shown[i]) &&
      svg("circle", {cx: this.x(x), cy: this.y(c.shown[i]), r: 2.5, class: `dot ${c.kind}`}));
  }

  // Points that are no numbers, or have no logarithm, at the edge where they would be. Of those that
  // stand closely one is drawn, and the first of a run has its name.
  marks(from, to, bottom) {
    const odd = this.drawn.flatMap((c) => [
      ...(c.marks ?? []).map((m) => ({
        c, x: m.x, y: ODD[m.kind], isLow: m.kind === "-inf", name: number(ODD[m.kind]),
        more: m.count > 1 ? ` and ${m.count - 1} more` : ""})),
      ...c.unseen.map((p) => ({c, x: p.x, y: p.raw, isLow: true, name: "≤ 0",
                               more: ", which has no place on a logarithmic axis"})),
    ]);
    const drawn = new Map();
    const seen = new Map();
    const named = new Map();
    return odd.filter((m) => m.x >= from && m.x <= to).sort((a, b) => a.x - b.x).map((m) => {
      const x = this.x(m.x);
      const isNamed = !(x - seen.get(m.name) < MARK_NAME || x - named.get(m.isLow) < MARK_NAME);
      seen.set(m.name, x);
      if (isNamed) named.set(m.isLow, x);
      const key = `${m.c.id} ${m.name}`;
      if (!isNamed && x - drawn.get(key) < MARK) return null;
      drawn.set(key, x);
      const [top, y] = m.isLow ? [bottom - 14, bottom - 4] : [TOP, TOP + 6];
      return svg("g", {class: `odd ${m.c.kind}`},
                 svg("title", {}, `${m.c.name}: ${number(m.y)} at ${number(m.x)}${m.more}`),
                 svg("line", {x1: x, x2: x, y1: top, y2: bottom}),
                 isNamed && svg("text", {x: Math.max(x, this.left + MARK_NAME / 2), y,
                                         "text-anchor": "middle"}, m.name));
    });
  }

  words() {
    const parts = this.drawn.slice(0, 6).map((c) =>
      `${c.name} ends at ${number(c.points.at(-1)?.raw)}`);
    return `${this.title}. ${parts.join("; ")}. Arrow keys read values; the table below has them.`;
  }

  // Shows the values at `value` of x; returns them as words.
  point(value) {
    this.at = value;
    if (!this.x) return "";
    const rows = this.drawn.filter((c) => c.points.length).map((c) => (
      {c, ...c.points[nearest(c.places, value)]}));
    if (!rows.length) return "";
    const place = this.x(value);
    for (const key of ["x1", "x2"]) this.hair.setAttribute(key, place);
    this.hair.setAttribute("visibility", "visible");
    const {log, smooth, x: xKind} = this.options;
    replace(this.dots, rows.filter((r) => Number.isFinite(r.y) && (!log || r.y > 0)).map((r) =>
      svg("circle", {cx: this.x(r.x), cy: this.y(r.y), r: 3.5, class: `dot ${r.c.kind}`})));
    const read = xText(rows.reduce((a, b) =>
      (Math.abs(b.x - value) < Math.abs(a.x - value) ? b : a)).x, xKind);
    const height = (y) => (Number.isNaN(y) ? -Infinity : y);
    rows.sort((a, b) => height(b.y) - height(a.y) || 0);
    replace(this.readout, h("table", {}, h("tbody", {},
      h("tr", {}, h("td", {}), h("td", {class: "dim"}, xKind),
        h("td", {class: "number"}, read)),
      rows.slice(0, 14).map((r) => h("tr", {},
        h("td", {}, h("i", {class: `key ${r.c.kind}`})), h("td", {}, r.c.name),
        h("td", {class: "number"}, number(r.y, 5)),
        smooth > 0 && h("td", {class: "number dim"}, number(r.raw, 5)))))));
    this.readout.hidden = false;
    const width = this.node.clientWidth;
    const own = this.readout.offsetWidth;
    const left = place + own + 24 > width ? Math.max(0, place - own - 14) : place + 14;
    this.readout.style.setProperty("left", `${left}px`);
    return `${xKind} ${read}: ` +
      rows.slice(0, 8).map((r) => `${r.c.name} ${number(r.y, 5)}`).join(", ");
  }

  unpoint() {
    this.at = null;
    this.readout.hidden = true;
    this.hair?.setAttribute("visibility", "hidden");
    this.dots?.replaceChildren();
  }

  listen() {
    let start = null;
    const place = (event) => {
      const box = this.canvas.getBoundingClientRect();
      return Math.max(this.left, Math.min(box.width - RIGHT, event.clientX - box.left));
    };
    const canvas = this.canvas;
    canvas.addEventListener("pointermove", (event) => {
      if (!this.x) return;
      const at = place(event);
      if (start !== null) {
        this.band.setAttribute("x", Math.min(start, at));
        this.band.setAttribute("width", Math.abs(at - start));
        this.band.setAttribute("visibility", "visible");
      }
      this.point(this.x.invert(at));
    });
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.x) return;
      start = place(event);
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointerup", (event) => {
      if (start === null || !this.x) return;
      const [from, to] = [start, place(event)].sort((a, b) => a - b);
      start = null;
      this.band.setAttribute("visibility", "hidden");
      if (to - from > 6) this.zoomed?.(this.x.invert(from), this.x.invert(to));
    });
    canvas.addEventListener("pointercancel", () => { start = null; });
    canvas.addEventListener("pointerleave", () => start === null && this.unpoint());
    canvas.addEventListener("dblclick", () => this.zoomed?.());
    canvas.addEventListener("blur", () => this.unpoint());
    canvas.addEventListener("keydown", (event) => {
      const longest = this.drawn?.map((c) => [...new Set(c.places)])
        .reduce((a, b) => (b.length > (a?.length ?? 0) ? b : a), null);
      if (!longest || !this.x) return;
      const step = {ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity}[event.key];
      if (step === undefined) return;
      event.preventDefault();
      const now = this.at === null ? (step > 0 ? -1 : longest.length)
                                   : nearest(longest, this.at);
      const next = Math.max(0, Math.min(longest.length - 1, now + step));
      announce(this.point(longest[next]));
    });
  }
}
