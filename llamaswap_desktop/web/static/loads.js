// The history of loads and unloads, asked for anew with each of them.

import { ask } from "./api.js";
import { useEffect, useState } from "./html.js";
import { attempt, useStore } from "./store.js";

const GATHER_MS = 150;

/** As GET /api/desktop/loads answers, null before it has; `search`: its query, as a text. */
export function useLoads(search) {
  const [found, setFound] = useState({ search: null, page: null });
  const change = useStore(changeOf);
  const connection = useStore((state) => state.connection);
  useEffect(() => {
    if (connection === "lost") return undefined;
    const leaving = new AbortController();
    const fetchPage = () => attempt(async () => {
      const page = await ask(`/api/desktop/loads?${search}`, { signal: leaving.signal });
      setFound({ search, page });
    });
    const timer = setTimeout(fetchPage, found.search === search ? GATHER_MS : 0);
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [search, change, connection]);
  return found.page;
}

/** A text that is another whenever a load or an unload may have been over. */
function changeOf({ picture }) {
  if (!picture) return "";
  const loaded = picture.models.filter((model) => model.state === "ready").map(({ id }) => id);
  return JSON.stringify([loaded, picture.loads.map(({ model }) => model), picture.models.filter(({ problem }) => problem).length]);
}

/** The moment as the server's parameters have it. */
export const asParameter = (date) => date.toISOString().replace(/\.\d+Z/, "Z");

export const startOfToday = () => {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate());
};
