// Starts the page: the menu, the routes, the stream of events.

import {get} from "./api.js";
import {announce, h, replace} from "./dom.js";
import {listen, startEvents, throttledWhileVisible} from "./events.js";
import {heading, problem} from "./parts.js";
import {query, startRouting} from "./router.js";
import {MENU, ROUTES} from "./routes.js";
import {startTicking} from "./times.js";

const main = document.getElementById("main");
const nav = document.getElementById("nav");
const foot = document.getElementById("foot");
const menu = document.getElementById("menu");
const connection = h("p", {class: "connection"});

let current = {};
let lastLive = {versions: []};
let turn = 0;
let stopView = null;

function drawMenu() {
  replace(nav, MENU.map(([title, entries]) => [
    h("p", {class: "group"}, title),
    h("ul", {}, entries.map(([name, path]) => h("li", {}, h("a", {href: path}, name)))),
  ]));
  menu.onclick = () => {
    const open = menu.getAttribute("aria-expanded") !== "true";
    menu.setAttribute("aria-expanded", open);
    document.body.classList.toggle("menu-open", open);
  };
}

function markMenu() {
  menu.setAttribute("aria-expanded", "false");
  document.body.classList.remove("menu-open");
  for (const link of nav.querySelectorAll("a")) {
    const path = link.getAttribute("href");
    const here = path === "/" ? location.pathname === "/" : location.pathname.startsWith(path);
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function drawFoot(home) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const name = () => document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");
  const theme = h("button", {type: "button", class: "quiet", onclick: () => {
    const next = name() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem("mat-theme", next);
    } catch {
      // Until the page is left, then.
    }
    say();
  }});
  const say = () => {
    theme.textContent = name() === "dark" ? "☀ Light colours" : "☾ Dark colours";
  };
  say();
  dark.addEventListener("change", say);
  replace(foot, connection, theme,
          home && h("p", {class: "dim path", title: "The home that this shows"}, home.home),
          home && h("p", {class: "dim"}, `mat ${home.version}`));
}

// A view is async ({names, query, signal}) → {title, content, refresh?, live?, close?}; the page
// before it stays until it is there.
async function show(view, names, how) {
  turn += 1;
  const mine = turn;
  stopView?.();
  const stop = new AbortController();
  stopView = () => stop.abort();
  markMenu();
  main.setAttribute("aria-busy", "true");
  let shown;
  try {
    if (!view) throw Object.assign(new Error(`there is no page ${names[0]}`), {status: 404});
    shown = await view({names, query: query(), signal: stop.signal});
  } catch (error) {
    if (error.name === "AbortError" || mine !== turn) return;
    if (!error.status && error.status !== 0) console.error(error);
    shown = {title: "Not here", content: [heading("Not here"), problem(error),
                                          h("p", {}, h("a", {href: "/"}, "To the overview"))]};
  }
  if (mine !== turn) {
    shown.close?.();
    return;
  }
  current.close?.();
  refresh.stop();
  refresh = refresher();
  current = shown;
  document.title = `${shown.title} · mat`;
  main.removeAttribute("aria-busy");
  replace(main, shown.content);
  shown.shown?.();
  shown.live?.(lastLive);
  if (how.samePath) return;
  if (!how.back) scrollTo(0, 0);
  const first = main.querySelector("h1");
  if (mine > 1 && first) {
    first.tabIndex = -1;
    first.focus({preventScroll: true});
    announce(shown.title);
  }
}

const refresher = () => throttledWhileVisible(2000, async () => {
  try {
    await current.refresh?.();
  } catch (error) {
    if (error.name !== "AbortError" && error.status === undefined) console.error(error);
  }
});
let refresh = refresher();

function onEvent(event) {
  if (event.type === "state") {
    connection.className = event.connected ? "connection on" : "connection off";
    connection.textContent = event.connected ? "● live" : "○ not connected";
  } else if (event.type === "changed") {
    refresh();
  } else if (event.type === "live") {
    lastLive = event.data;
    if (!document.hidden) current.live?.(lastLive);
  }
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) current.live?.(lastLive);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, dialog")) return;
  const filter = main.querySelector("[data-slash]");
  if (!filter) return;
  event.preventDefault();
  filter.focus();
  filter.select();
});

drawMenu();
drawFoot(null);
listen(onEvent);
startRouting(ROUTES, show);
startEvents();
startTicking();
get("home").then(drawFoot, () => {});
