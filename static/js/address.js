// The page's address: which job, and how it is looked at. Its filter is that of the exports.

/** What the address says; null for what it does not. */
export function readAddress() {
  const query = new URLSearchParams(location.search);
  const number = (name) => {
    const value = Number.parseFloat(query.get(name));
    return Number.isFinite(value) ? value : null;
  };
  return {
    job: query.get("job"),
    time: number("t"),
    model: query.get("model"),
    clip: number("clip"),
    rows: query.get("rows"),
    view: {
      min: Math.min(Math.max(number("min") ?? 0, 0), 1),
      labels: new Set(query.getAll("label")),
      sources: new Set(query.getAll("source")),
    },
  };
}

/** The address of a job's page; of what is null or as usual, nothing is said. */
export function pageAddress({ job, time = null, model = null, clip = null, rows, view }) {
  const query = new URLSearchParams({ job });
  if (time !== null) query.set("t", String(Math.round(time * 1000) / 1000));
  if (model !== null) query.set("model", model);
  if (clip !== null) query.set("clip", clip);
  if (rows === "labels") query.set("rows", rows);
  if (view) for (const [name, value] of viewQuery(view)) query.append(name, value);
  return `${location.pathname}?${query}`;
}

/** A filter as the exports take it. */
export function viewQuery({ min, labels, sources }) {
  const query = new URLSearchParams();
  if (min > 0) query.set("min", String(min));
  for (const label of labels) query.append("label", label);
  for (const source of sources) query.append("source", source);
  return query;
}
