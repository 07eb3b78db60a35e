// The confusion matrix: labels down, answers across; a cell leads to its pictures.

import {h} from "./dom.js";

// `link(label, predicted)` is the address of a cell's pictures, or null.
export function confusionMatrix({labels, rows}, link) {
  const shown = rows.map((row) => row.reduce((sum, n) => sum + n, 0));
  return h("div", {class: "scroll", tabindex: "0", role: "region",
                   "aria-label": "Confusion matrix"},
    h("table", {class: "matrix"},
      h("caption", {}, "Rows: the label. Columns: the answer."),
      h("thead", {}, h("tr", {}, h("td", {}), labels.map((label) =>
        h("th", {scope: "col"}, h("span", {}, label))))),
      h("tbody", {}, rows.map((row, i) => h("tr", {},
        h("th", {scope: "row"}, labels[i]),
        row.map((n, j) => {
          const share = shown[i] > 0 ? n / shown[i] : 0;
          const words = `${labels[i]} answered as ${labels[j]}: ${n}`;
          const href = n > 0 ? link?.(labels[i], labels[j]) : null;
          return h("td", {class: i === j ? "right" : n > 0 ? "mistake" : "none",
                          style: {"--share": share.toFixed(3)}},
                   href ? h("a", {href, "aria-label": words, title: words}, n)
                        : h("span", {title: words}, n));
        }))))));
}
