// Elements. Text is always text: nothing here reads HTML.

const SVG = "http://www.w3.org/2000/svg";

function add(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined) continue;
    if (name.startsWith("aria-")) {
      if (value !== "") element.setAttribute(name, String(value));
    } else if (value === false) {
      continue;
    } else if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (name === "style") {
      for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    } else if (name === "value" || name === "checked" || name === "indeterminate") {
      element[name] = value;
    } else {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  return add(element, children);
}

// h("a", {href: "/jobs", onclick: f, style: {"--share": 0.5}}, "Jobs", …): children are nodes,
// texts, numbers, lists of those, or nothing.
export function h(tag, properties, ...children) {
  return fill(document.createElement(tag), properties, children);
}

export function svg(tag, properties, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

export function replace(element, ...children) {
  element.replaceChildren();
  return add(element, children);
}

// Scrolls `holder` sideways so that `element` in it is in its middle, once both are on the page.
export function centreSideways(holder, element) {
  if (!element) return;
  requestAnimationFrame(() => {
    const [around, inside] = [holder.getBoundingClientRect(), element.getBoundingClientRect()];
    holder.scrollLeft += inside.left + inside.width / 2 - around.left - around.width / 2;
  });
}

let ids = 0;
export function freshId(prefix = "id") {
  ids += 1;
  return `${prefix}-${ids}`;
}

// Calls at the end of a pause of `ms`.
export function debounced(ms, call) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...values), ms);
  };
}

// Says it to those who do not see the page.
export function announce(text) {
  const place = document.getElementById("announce");
  place.textContent = "";
  setTimeout(() => { place.textContent = text; }, 30);
}
