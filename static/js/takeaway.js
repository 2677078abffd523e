// What can be taken away of a result: files in many formats, the videos, a stretch of the video.

import { viewQuery } from "./address.js";
import { part } from "./dom.js";
import { clock, spaced } from "./labels.js";
import { jobAddress } from "./job.js";

/** show(job), then view(view) for the filter and action(action) for what may be cut out. */
export function takeaway(root) {
  const cut = part(root, "cut");
  let id = null;

  return {
    show(job) {
      id = job.id;
      const { annotated_url: copy, video_url: original } = job.result;
      const annotated = part(root, "annotated");
      annotated.hidden = !copy;
      if (copy) annotated.href = copy;
      part(root, "original").href = original;
    },
    view(view) {
      const query = viewQuery(view);
      for (const link of root.querySelectorAll("[data-format]")) {
        const address = jobAddress(id, "export", link.dataset.format);
        link.href = query.size ? `${address}?${query}` : address;
      }
      part(root, "filtered").hidden = query.size === 0;
    },
    action(action) {
      cut.hidden = action === null;
      if (action === null) return;
      const [start, end] = [action.start, action.end];
      cut.href = jobAddress(id, `cut?${new URLSearchParams({ start, end })}`);
      cut.textContent = `Cut out “${spaced(action.label)}”, ${clock(start)} to ${clock(end)}`;
    },
  };
}
