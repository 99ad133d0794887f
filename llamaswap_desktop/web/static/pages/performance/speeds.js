// How fast each answer of the last hour was written, from the activity log.

import { ask } from "../../api.js";
import { useEffect, useState } from "../../html.js";
import { useStore } from "../../store.js";

const MOST = 999;
const GATHER_MS = 1000;

/** [seconds, tokens per second], in order. */
export function useSpeeds() {
  const newest = useStore((state) => state.newestActivity);
  const [data, setData] = useState([[], []]);
  useEffect(() => {
    const timer = setTimeout(async () => {
      try {
        const start = new Date(Date.now() - 3_600_000).toISOString().replace(/\.\d+Z/, "Z");
        const { data: entries } = await ask(`/api/metrics/activity?limit=${MOST}&start=${start}`);
        const known = entries.filter(({ tokens }) => tokens.tokens_per_second > 0).toReversed();
        setData([known.map(({ timestamp }) => Date.parse(timestamp) / 1000), known.map(({ tokens }) => tokens.tokens_per_second)]);
      } catch {
        // The next answer asks again.
      }
    }, data[0].length ? GATHER_MS : 0);
    return () => clearTimeout(timer);
  }, [newest]);
  return data;
}
