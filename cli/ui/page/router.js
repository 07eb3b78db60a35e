// Addresses: every view has one, and what it shows stands in it.

export const to = {
  job: (name) => `/jobs/${encodeURIComponent(name)}`,
  experiment: (name) => `/experiments/${encodeURIComponent(name)}`,
  version: (reference, query) => withQuery(`/versions/${encodeURIComponent(reference)}`, query),
  versions: (query) => withQuery("/versions", query),
  compare: (references) => withQuery("/compare", {ref: references}),
  dataset: (reference, query) => withQuery(`/datasets/${encodeURIComponent(reference)}`, query),
  model: (name) => `/models/${encodeURIComponent(name)}`,
  service: (name) => `/services/${encodeURIComponent(name)}`,
  algorithm: (name) => `/algorithms/${encodeURIComponent(name)}`,
  params: (name) => `/params/${encodeURIComponent(name)}`,
};

function withQuery(path, query = {}) {
  const text = changed(new URLSearchParams(), query).toString();
  return text ? `${path}?${text}` : path;
}

function changed(query, changes) {
  for (const [key, value] of Object.entries(changes)) {
    query.delete(key);
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "" && one !== false) query.append(key, one);
    }
  }
  return query;
}

let routes = [];
let show = () => {};

// `table` is [[/^\/jobs\/([^/]+)$/, view], …]; `shown(view, names)` draws the view for an address.
export function startRouting(table, shown) {
  routes = table;
  show = shown;
  addEventListener("popstate", () => render({back: true}));
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest?.("a[href]");
    if (!link || link.target || link.hasAttribute("download")) return;
    const href = link.getAttribute("href");
    if (!href || !href.startsWith("/") || href.startsWith("//") || href.startsWith("/api/")) return;
    event.preventDefault();
    navigate(href);
  });
  render({});
}

export function navigate(href, replace = false) {
  const path = location.pathname;
  if (replace) history.replaceState(null, "", href);
  else history.pushState(null, "", href);
  render({samePath: path === location.pathname});
}

export function render(how = {}) {
  const path = location.pathname.replace(/(.)\/+$/, "$1");
  for (const [pattern, view] of routes) {
    const found = pattern.exec(path);
    if (!found) continue;
    let names;
    try {
      names = found.slice(1).map(decodeURIComponent);
    } catch {
      break;
    }
    show(view, names, how);
    return;
  }
  show(null, [path], how);
}

export function query() {
  return new URLSearchParams(location.search);
}

// Changes the address of what is shown, without drawing anew; null takes a key away.
export function setQuery(changes) {
  const text = changed(query(), changes).toString();
  history.replaceState(null, "", location.pathname + (text ? `?${text}` : ""));
}

// The address here with other values, for links.
export function here(changes) {
  const text = changed(query(), changes).toString();
  return location.pathname + (text ? `?${text}` : "");
}
