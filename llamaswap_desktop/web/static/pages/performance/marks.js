// When models came and went in the last hour.

import { useMemo, useState } from "../../html.js";
import { asParameter, useLoads } from "../../loads.js";

const MOST = 500;

/** [{ at_ms, model, kind: "load" or "unload", took_s }], oldest first. */
export function useMarks() {
  const [search] = useState(() => new URLSearchParams({ limit: MOST, start: asParameter(new Date(Date.now() - 3_600_000)) }).toString());
  const page = useLoads(search);
  return useMemo(() => {
    const entries = (page?.data ?? []).filter(({ kind }) => kind === "loaded" || kind === "unloaded");
    return entries.toReversed().map(({ timestamp, model, kind, took_s }) => ({ at_ms: Date.parse(timestamp), model, kind: kind === "loaded" ? "load" : "unload", took_s }));
  }, [page]);
}
