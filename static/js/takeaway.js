// What can be taken away of a result: files in many formats, the videos, a stretch of the video.

import { viewQuery } from "./address.js";
import { part, write } from "./dom.js";
import { clock, modelName, spaced } from "./labels.js";
import { jobAddress } from "./job.js";

/** After show(job), view(view, model) is of a filter and a model, null for the first. */
export function takeaway(root) {
  const cut = part(root, "cut");
  let id = null;

  function offer(name, url) {
    const link = part(root, name);
    link.hidden = !url;
    if (url) link.href = url;
  }

  return {
    show(job) {
      id = job.id;
      const { annotated_url: copy, video_url: original, comparison, model } = job.result;
      offer("annotated", copy);
      offer("original", original);
      part(root, "compared").hidden = !comparison;
      write(root, { first: modelName(model) });
    },
    view(view, model) {
      const query = viewQuery(view);
      part(root, "filtered").hidden = query.size === 0;
      if (model) query.set("model", model);
      for (const link of root.querySelectorAll("[data-format]")) {
        const address = jobAddress(id, "export", link.dataset.format);
        link.href = query.size ? `${address}?${query}` : address;
      }
    },
    action(action) {
      cut.hidden = action === null;
      if (action === null) return;
      const { start, end, label } = action;
      cut.href = jobAddress(id, `cut?${new URLSearchParams({ start, end })}`);
      cut.textContent = `Cut out “${spaced(label)}”, ${clock(start)} to ${clock(end)}`;
    },
  };
}
