#pragma once

namespace mat {

// The look of a check's page: light or dark as the reader's system is, down to narrow windows.
constexpr const char* kCheckPageStyle = R"css(
:root {
  color-scheme: light dark;
  --ground: #fbfbfa; --card: #fff; --line: #dddcd8; --text: #1d1d1b; --soft: #63625e;
  --error: #b3261e; --warning: #8a5a00; --info: #3a6287; --link: #0b57d0;
  --train: #4477aa; --val: #d69a2d; --test: #4f9d69; --open: #8d8d88;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #161615; --card: #20201e; --line: #3a3a37; --text: #ecebe6; --soft: #a3a29c;
    --error: #ff8a80; --warning: #f0b95a; --info: #8fbbe3; --link: #8ab4f8;
    --train: #6f9fd0; --val: #e0b04f; --test: #6fbf8a; --open: #7d7d78;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0 auto; max-width: 76rem; padding: 0 1.25rem 4rem; background: var(--ground);
  color: var(--text); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
header { padding: 2rem 0 .5rem; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: 1.15rem; scroll-margin-top: 1rem; }
p { margin: .25rem 0; color: var(--soft); max-width: 60rem; }
a { color: var(--link); }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem; z-index: 1; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
section { margin-top: 2.25rem; }
.kinds { list-style: none; margin: 1rem 0 0; padding: 0; display: grid; gap: .6rem;
  grid-template-columns: repeat(auto-fill, minmax(min(15.5rem, 100%), 1fr)); }
.kinds a { display: grid; grid-template-columns: auto 1fr; column-gap: .75rem; height: 100%;
  padding: .6rem .8rem; background: var(--card); border: 1px solid var(--line); border-left: 4px solid;
  border-radius: 6px; color: var(--text); text-decoration: none; align-items: baseline; }
.kinds a:hover { text-decoration: underline; }
.kinds b { font-size: 1.3rem; font-variant-numeric: tabular-nums; min-width: 2ch; }
.kinds .severity { grid-column: 2; font-size: .8rem; font-style: normal; }
@media (max-width: 38rem) {
  .kinds { gap: .35rem; }
  .kinds a { grid-template-columns: auto 1fr auto; padding: .3rem .7rem; }
  .kinds .severity { grid-column: 3; }
}
.error > a { border-left-color: var(--error); } .error .severity { color: var(--error); }
.warning > a { border-left-color: var(--warning); } .warning .severity { color: var(--warning); }
.info > a { border-left-color: var(--info); } .info .severity { color: var(--info); }
.count { font-size: .85rem; font-weight: 600; padding: .05rem .55rem; margin-left: .3rem;
  border: 1px solid; border-radius: 1rem; vertical-align: 10%; }
.count.error { color: var(--error); } .count.warning { color: var(--warning); }
.count.info { color: var(--info); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin-top: .5rem; }
th { font-weight: 400; text-align: left; overflow-wrap: anywhere; }
thead th { color: var(--soft); font-size: .85rem; }
th, td { padding: .2rem .75rem .2rem 0; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
.bar { width: 65%; white-space: nowrap; font-size: 0; }
.bar span { display: inline-block; height: .9rem; min-width: 2px; }
.bar .train, .legend .train::before { background: var(--train); }
.bar .val, .legend .val::before { background: var(--val); }
.bar .test, .legend .test::before { background: var(--test); }
.bar .open, .legend .open::before { background: var(--open); }
.legend { font-size: .85rem; }
.legend span { margin-right: 1rem; white-space: nowrap; }
.legend span::before { content: ""; display: inline-block; width: .7rem; height: .7rem;
  margin-right: .4rem; border-radius: 2px; }
.pictures { display: grid; gap: .75rem; margin-top: .75rem; align-items: start;
  grid-template-columns: repeat(auto-fill, minmax(min(9.5rem, 45%), 1fr)); }
figure { margin: 0; min-width: 0; background: var(--card); border: 1px solid var(--line);
  border-radius: 6px; overflow: hidden; }
figure a { display: block; }
figure img, .none { display: block; width: 100%; height: 8rem; object-fit: contain;
  background: color-mix(in srgb, var(--soft) 14%, transparent); }
figure img { image-rendering: auto; }
.none { display: grid; place-items: center; color: var(--soft); font-size: .85rem;
  background: repeating-linear-gradient(45deg, transparent 0 8px,
    color-mix(in srgb, var(--soft) 14%, transparent) 8px 16px); }
figcaption { padding: .45rem .55rem .55rem; font-size: .8rem; line-height: 1.35; }
figcaption > span { display: block; }
.name { overflow-wrap: anywhere; display: -webkit-box !important; -webkit-box-orient: vertical;
  -webkit-line-clamp: 3; overflow: hidden; }
.detail { margin-top: .3rem; overflow-wrap: anywhere; color: var(--soft); }
.chips { margin-top: .3rem; }
.chips span { display: inline-block; padding: 0 .4rem; margin: 0 .25rem .15rem 0; border-radius: 3px;
  border: 1px solid var(--line); overflow-wrap: anywhere; }
.chips .train { border-color: var(--train); } .chips .val { border-color: var(--val); }
.chips .test { border-color: var(--test); }
.chips small { color: var(--soft); white-space: nowrap; }
.groups { display: flex; flex-wrap: wrap; gap: 1.25rem 2rem; margin-top: .75rem; }
.group { padding-left: .9rem; border-left: 3px solid var(--line); max-width: 100%; }
.group .pictures { display: flex; flex-wrap: wrap; margin-top: .4rem; }
.group figure { width: min(9.5rem, 44vw); }
.group > p { font-size: .9rem; overflow-wrap: anywhere; }
.lines { margin: .5rem 0 0; padding-left: 1.2rem; overflow-wrap: anywhere; }
@media (min-width: 60rem) { .lines { columns: 2; column-gap: 3rem; } }
.more { font-style: italic; }
.fine { margin-top: 2rem; color: var(--test); font-weight: 600; }
@media print { .kinds a, figure { break-inside: avoid; } }
)css";

}  // namespace mat
