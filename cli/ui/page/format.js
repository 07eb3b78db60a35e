// How values are written.

export function number(value, digits = 4) {
  if (value === null || value === undefined || value === "") return "";
  if (typeof value !== "number") return String(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) {
    return Math.abs(value) < 1e5 ? String(value) : value.toLocaleString("en");
  }
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(Math.max(0, digits - 2));
  return String(Number(value.toPrecision(digits)));
}

// Figures between 0 and 1 stand under each other.
export function figure(value) {
  return typeof value === "number" && Number.isFinite(value) ? value.toFixed(4) : number(value);
}

export function count(value, one, many = `${one}s`) {
  return `${Number(value ?? 0).toLocaleString("en")} ${value === 1 ? one : many}`;
}

export function percent(share) {
  return `${(100 * share).toFixed(share < 0.1 && share > 0 ? 1 : 0)} %`;
}

export function bytes(value) {
  if (value === null || value === undefined) return "";
  if (value < 1024) return `${value} B`;
  let size = value;
  let unit = -1;
  while (size >= 1024 && unit < 3) {
    size /= 1024;
    unit += 1;
  }
  return `${size.toFixed(size < 10 ? 1 : 0)} ${["KiB", "MiB", "GiB", "TiB"][unit]}`;
}

const two = (value) => String(value).padStart(2, "0");

// As in a terminal: "9.5s", "42s", "3m07s", "1h02m", "2d03h".
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  const days = Math.floor(whole / 86400);
  const hours = Math.floor(whole / 3600) % 24;
  const minutes = Math.floor(whole / 60) % 60;
  if (days) return `${days}d${two(hours)}h`;
  if (hours) return `${hours}h${two(minutes)}m`;
  return minutes ? `${minutes}m${two(whole % 60)}s` : `${whole}s`;
}

// "2026-01-31 12:00:05", of this browser's clock. For pages, see times.js.
export function time(at) {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ` +
    `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

// What a setting holds.
export function setting(value) {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(setting).join(", ");
  if (typeof value === "object") return JSON.stringify(value);
  return typeof value === "number" ? number(value, 6) : String(value);
}

// The same to be changed and sent again: a number as it is.
export function exact(value) {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(exact).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
