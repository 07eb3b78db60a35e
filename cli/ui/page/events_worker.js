// One stream of events for all tabs: a browser opens six connections to a host at most.
"use strict";

const ports = new Set();
const last = {};
let source = null;

function tell(message) {
  for (const port of ports) port.postMessage(message);
}

function open() {
  source = new EventSource("/api/events");
  source.onopen = () => tell(last.state = {type: "state", connected: true});
  source.onerror = () => {
    tell(last.state = {type: "state", connected: false});
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(open, 5000);
  };
  for (const type of ["changed", "live"]) {
    source.addEventListener(type, (event) => {
      tell(last[type] = {type, data: JSON.parse(event.data)});
    });
  }
}

onconnect = (event) => {
  const port = event.ports[0];
  ports.add(port);
  port.onmessage = (message) => {
    if (message.data === "leave") ports.delete(port);
  };
  for (const type of ["state", "live"]) {
    if (last[type]) port.postMessage(last[type]);
  }
  if (!source) open();
};
