// Times: in lists how long ago it was, elsewhere the point in time, of this browser's clock. Each
// says the other one, with the zone, where it is pointed at.

import {h} from "./dom.js";
import {time} from "./format.js";

const TICK_MS = 20000;

function offsetOf(at) {
  const minutes = -at.getTimezoneOffset();
  const size = Math.abs(minutes);
  if (size === 0) return "UTC";
  const rest = size % 60 ? `:${String(size % 60).padStart(2, "0")}` : "";
  return `UTC${minutes < 0 ? "−" : "+"}${Math.floor(size / 60)}${rest}`;
}

function withZone(at) {
  return `${time(at)} ${offsetOf(at)} (${Intl.DateTimeFormat().resolvedOptions().timeZone})`;
}

// "5m ago"; what is long past, or not yet, by its day.
function agoWords(at) {
  const seconds = (Date.now() - at.getTime()) / 1000;
  if (seconds < -60 || seconds >= 30 * 86400) return time(at).slice(0, 10);
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h ago`;
  return `${Math.floor(seconds / 86400)}d ago`;
}

function element(text, words, title, kind) {
  if (!text) return null;
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return String(text);
  return h("time", {datetime: at.toISOString(), class: kind, title: title(at)}, words(at));
}

// A point in time: "2026-01-31 12:00:05".
export function when(text) {
  return element(text, time, (at) => `${withZone(at)}, ${agoWords(at)}`, null);
}

export function ago(text) {
  return element(text, agoWords, withZone, "ago");
}

// What is shown goes on with the clock.
export function startTicking() {
  setInterval(() => {
    if (document.hidden) return;
    for (const shown of document.querySelectorAll("time.ago")) {
      const words = agoWords(new Date(shown.dateTime));
      if (shown.textContent !== words) shown.textContent = words;
    }
  }, TICK_MS);
}
