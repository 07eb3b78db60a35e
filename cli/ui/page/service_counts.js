// What a service counts, from the text that it gives to Prometheus.

import {bytes, duration, number} from "./format.js";

// [[{labels}, value], …] of one series.
function series(text, name) {
  return text.split("\n").filter((line) => line.startsWith(`${name} `) ||
                                            line.startsWith(`${name}{`)).map((line) => {
    const at = line.lastIndexOf(" ");
    const labels = Object.fromEntries([...line.slice(0, at).matchAll(/(\w+)="((?:\\.|[^"\\])*)"/g)]
      .map(([, key, value]) => [key, value.replace(/\\(.)/g, "$1")]));
    return [labels, Number(line.slice(at + 1))];
  });
}

// {requests: [{path, code, count}, …], facts: [[name, text], …]}, since the service has started.
export function readCounts(text) {
  const requests = series(text, "mat_requests_total")
    .map(([{path, code}, value]) => ({path, code, count: value}))
    // Those of this page itself, and of others that only watch.
    .filter((row) => row.path !== "/metrics")
    .sort((a, b) => b.count - a.count);
  const one = (name) => series(text, name)[0]?.[1];
  const mean = (name) => {
    const many = one(`${name}_count`);
    return many ? one(`${name}_sum`) / many : null;
  };
  const seconds = mean("mat_request_seconds");
  const pictures = mean("mat_batch_pictures");
  return {
    requests,
    facts: [
      ["answered", requests.reduce((sum, row) => sum + row.count, 0).toLocaleString("en")],
      ["mean time", seconds !== null && (seconds < 1 ? `${number(1000 * seconds, 3)} ms`
                                                     : duration(seconds))],
      ["pictures at once", pictures !== null && `${number(pictures, 3)} on average`],
      ["waiting", one("mat_queue_pictures")],
      ["connections", one("mat_connections")],
      ["memory", bytes(one("process_resident_memory_bytes"))],
    ],
  };
}
