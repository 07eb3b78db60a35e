// What a deleted thing was, and what was made from it.

import {centreSideways, h} from "./dom.js";
import {lineage} from "./lineage.js";
import {heading, section, trail} from "./parts.js";

// `view`, and where the thing of this kind is deleted a page that says so: names stay in lineages.
// `list` is [its name, its address], the list of such things.
export const orDeleted = (kind, list, view) => async (asked) => {
  try {
    return await view(asked);
  } catch (error) {
    if (error.status !== 404) throw error;
    const [name] = asked.names;
    const graph = await lineage(`${kind}:${name}`, asked.signal).catch(() => null);
    const start = graph?.querySelector(".start.deleted");
    if (!start) throw error;
    centreSideways(graph, start);
    return {title: name, content: [
      trail(list, [name]), heading(name), h("p", {class: "lead"}, `${name} is deleted.`),
      h("p", {class: "dim"}, start.querySelector("title")?.textContent ?? ""),
      section("Lineage", graph)]};
  }
};
