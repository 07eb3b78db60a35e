// What several views say of models.

import {h} from "./dom.js";
import {versionLink} from "./parts.js";

// Where a model is from: a version here, or a file of others.
export function originLink(origin) {
  if (!origin) return null;
  if (origin.kind === "version" && origin.reference) return versionLink(origin.reference);
  return h("span", {}, origin.file ?? origin.source ?? origin.kind);
}
