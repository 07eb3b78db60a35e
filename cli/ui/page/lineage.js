// What something was made from and what was made from it, as the server draws it.

import {ApiError, address} from "./api.js";
import {h} from "./dom.js";

const KEPT = new Set(["class", "d", "x", "y", "width", "height", "rx", "viewBox", "text-anchor",
                      "id", "role", "aria-labelledby"]);
const DRAWN = new Set(["svg", "g", "a", "rect", "path", "text", "title", "desc", "tspan"]);

// Only shapes, words and links to pages here are taken over.
function adopt(node) {
  if (!DRAWN.has(node.localName)) return null;
  const copy = document.createElementNS("http://www.w3.org/2000/svg", node.localName);
  for (const {name, value} of node.attributes) {
    if (KEPT.has(name)) copy.setAttribute(name, value);
    else if (name === "href" && /^\/(?!\/)/.test(value)) copy.setAttribute(name, value);
  }
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) copy.append(child.data);
    else if (child.nodeType === Node.ELEMENT_NODE) {
      const adopted = adopt(child);
      if (adopted) copy.append(adopted);
    }
  }
  return copy;
}

export async function lineage(node, signal) {
  const response = await fetch(address("lineage.svg", {node}), {signal});
  const text = await response.text();
  if (!response.ok) {
    let answer = {};
    try {
      answer = JSON.parse(text);
    } catch {
      // No words of the api's.
    }
    throw new ApiError(response.status, answer);
  }
  const drawing = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  const adopted = adopt(drawing);
  if (!adopted || adopted.localName !== "svg") throw new ApiError(0, {error: "no graph came"});
  return h("div", {class: "scroll lineage-holder", tabindex: "0", role: "region",
                   "aria-label": "Lineage graph"}, adopted);
}
