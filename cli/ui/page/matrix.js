// The confusion matrix: labels down, answers across; a cell leads to its pictures.

import {h} from "./dom.js";
import {plainTable} from "./parts.js";

// Of more classes nobody reads a matrix, and a browser is slow to draw its cells.
const MOST_CLASSES = 40, MOST_CONFUSIONS = 50;

function largestConfusions({labels, rows}, link) {
  const confused = [];
  rows.forEach((row, i) => row.forEach((n, j) => {
    if (i !== j && n > 0) confused.push({label: labels[i], predicted: labels[j], n});
  }));
  confused.sort((a, b) => b.n - a.n);
  const pairs = confused.slice(0, MOST_CONFUSIONS);
  return [
    h("p", {class: "dim"}, `The classes that are confused most, of ${labels.length}.`),
    plainTable("Largest confusions", [
      ["label", (c) => c.label],
      ["answer", (c) => c.predicted],
      ["times", (c) => (link ? h("a", {href: link(c.label, c.predicted)}, c.n) : c.n), "number"],
    ], pairs),
  ];
}

// `link(label, predicted)` is the address of a cell's pictures, or null.
export function confusionMatrix(matrix, link) {
  const {labels, rows} = matrix;
  if (labels.length > MOST_CLASSES) return largestConfusions(matrix, link);
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
