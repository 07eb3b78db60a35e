// What happens in the home, as it happens. See events_worker.js.

const listeners = new Set();

// `listener({type: "changed" | "live" | "state", …})`; returns how to stop listening.
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(message) {
  for (const listener of listeners) listener(message);
}

export function startEvents() {
  if (typeof SharedWorker === "function") {
    const worker = new SharedWorker("/assets/events_worker.js", {name: "mat-events"});
    worker.port.onmessage = (message) => tell(message.data);
    addEventListener("pagehide", () => worker.port.postMessage("leave"));
    addEventListener("pageshow", (event) => {
      if (event.persisted) location.reload();
    });
    return;
  }
  const open = () => {
    const source = new EventSource("/api/events");
    source.onopen = () => tell({type: "state", connected: true});
    source.onerror = () => {
      tell({type: "state", connected: false});
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 5000);
    };
    for (const type of ["changed", "live"]) {
      source.addEventListener(type, (event) => tell({type, data: JSON.parse(event.data)}));
    }
  };
  open();
}

// Calls `work` for each poke, but at most every `ms`, never twice at once, and not while the page
// is hidden: then once when it is seen again.
export function throttledWhileVisible(ms, work) {
  let wanted = false;
  let busy = false;
  let timer = 0;
  let last = 0;
  const run = async () => {
    timer = 0;
    if (!wanted || busy || document.hidden) return;
    wanted = false;
    busy = true;
    last = performance.now();
    try {
      await work();
    } finally {
      busy = false;
      plan();
    }
  };
  const plan = () => {
    if (!wanted || busy || timer || document.hidden) return;
    timer = setTimeout(run, Math.max(0, last + ms - performance.now()));
  };
  document.addEventListener("visibilitychange", plan);
  const poke = () => {
    wanted = true;
    plan();
  };
  poke.stop = () => {
    wanted = false;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", plan);
  };
  return poke;
}
