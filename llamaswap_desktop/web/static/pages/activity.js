// Every request: those that run, and those that are over, a page at a time from the server.  Beside them, every load.

import { ask } from "../api.js";
import { counted, duration } from "../format.js";
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { useLoads } from "../loads.js";
import { go } from "../route.js";
import { attempt, useStore } from "../store.js";
import { Capture } from "./activity/capture.js";
import { ExportButtons } from "./activity/export.js";
import { Filters } from "./activity/filters.js";
import { LoadCost } from "./activity/load_cost.js";
import { LoadsTable } from "./activity/loads_table.js";
import { Stats } from "./activity/stats.js";
import { RequestTable } from "./activity/table.js";
import { loadsSearchOf, searchOf, statsSearchOf, wishOf } from "./activity/wish.js";

const REFRESH_MS = 400; // bursts of finished requests are one fetch
const VIEWS = { requests: "Requests", loads: "Loads" };
const LIMITS = [25, 50, 100, 500];

export function Page({ rest, query }) {
  const wish = useMemo(() => wishOf(query), [query.toString()]);
  const change = (members) => go("activity", "", { ...Object.fromEntries(query), page: "", ...members });
  return html`
    <div class="page-title">
      <h1>Activity</h1>
      <div class="segments" role="group" aria-label="What is listed">
        ${Object.entries(VIEWS).map(([view, title]) => html`<button key=${view} type="button" aria-pressed=${wish.view === view ? "true" : "false"} onClick=${() => change({ view: view === "requests" ? "" : view })}>${title}</button>`)}
      </div>
      <div class="actions">${wish.view === "requests" && html`<${ExportButtons} wish=${wish} />`}</div>
    </div>
    ${wish.view === "loads" ? html`<${Loads} wish=${wish} change=${change} />` : html`<${Requests} rest=${rest} query=${query} wish=${wish} change=${change} />`}`;
}

function Requests({ rest, query, wish, change }) {
  const newest = useStore((state) => state.newestActivity);
  const connection = useStore((state) => state.connection);
  const { page, stats } = useRequests(wish, newest, connection);
  const close = () => go("activity", "", Object.fromEntries(query));
  return html`
    <div class="stack">
      <${Stats} stats=${stats}><${LoadCost} model=${wish.model} /></${Stats}>
      <section class="card" aria-label="Requests">
        <${Filters} wish=${wish} change=${change} />
        <${RequestTable} page=${page} wish=${wish} change=${change} query=${query} />
        <${Pager} page=${page} wish=${wish} change=${change} noun="requests" />
      </section>
    </div>
    ${/^\d+$/.test(rest) && html`<${Capture} key=${rest} id=${Number(rest)} entry=${page?.data.find((entry) => entry.id === Number(rest))} onClose=${close} />`}`;
}

function Loads({ wish, change }) {
  const search = useMemo(() => loadsSearchOf(wish).toString(), [wish]);
  const page = useLoads(search);
  return html`
    <section class="card" aria-label="Loads">
      <${Filters} wish=${wish} change=${change} />
      <p class="hint sum">${page?.loads > 0 && html`${duration(page.loading_s)} in ${counted(page.loads, "load")}; ${page.swaps || "none"} of them made others leave.`}</p>
      <${LoadsTable} page=${page} wish=${wish} />
      <${Pager} page=${page} wish=${wish} change=${change} noun="loads" />
    </section>`;
}

function useRequests(wish, newest, connection) {
  const [page, setPage] = useState(null);
  const [stats, setStats] = useState(null);
  const shown = useRef(null);
  useEffect(() => {
    if (connection === "lost") return undefined;
    const leaving = new AbortController();
    const fetchAll = () => attempt(async () => {
      const signal = leaving.signal;
      const [page_, stats_] = await Promise.all([
        ask(`/api/metrics/activity?${searchOf(wish)}`, { signal }),
        ask(`/api/metrics/stats?${statsSearchOf(wish)}`, { signal }),
      ]);
      shown.current = wish;
      setPage(page_);
      setStats(stats_);
    });
    const timer = setTimeout(fetchAll, shown.current === wish ? REFRESH_MS : 0);
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [wish, newest, connection]);
  return { page, stats };
}

function Pager({ page, wish, change, noun }) {
  if (!page) return html`<p class="pager hint">Loading…</p>`;
  const first = page.total ? (page.page - 1) * page.limit + 1 : 0;
  const last = Math.min(page.page * page.limit, page.total);
  return html`
    <div class="pager">
      <p class="hint" role="status">${page.total ? `${first}–${last} of ${page.total}` : wish.isFiltered ? `No such ${noun}` : `No ${noun} yet`}</p>
      <div class="actions">
        <label class="check"><span class="hint">Rows</span>
          <select name="limit" value=${wish.limit} onChange=${({ target }) => change({ limit: target.value })}>
            ${LIMITS.map((limit) => html`<option key=${limit} value=${limit}>${limit}</option>`)}
          </select>
        </label>
        <button type="button" disabled=${wish.page <= 1} onClick=${() => change({ page: wish.page - 1 })}>Newer</button>
        <button type="button" disabled=${wish.page >= page.total_pages} onClick=${() => change({ page: wish.page + 1 })}>Older</button>
      </div>
    </div>`;
}
