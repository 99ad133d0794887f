// Every request: those that run, and those that are over, a page at a time from the server.

import { ask } from "../api.js";
import { Icon } from "../components/icon.js";
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { choicesOf } from "../models.js";
import { go } from "../route.js";
import { attempt, state, useStore } from "../store.js";
import { Capture } from "./activity/capture.js";
import { ExportButtons } from "./activity/export.js";
import { Stats } from "./activity/stats.js";
import { RequestTable } from "./activity/table.js";

const REFRESH_MS = 400; // bursts of finished requests are one fetch
const PERIODS = { "": "All time", hour: "Last hour", today: "Today", week: "Last 7 days" };
const LIMITS = [25, 50, 100, 500];

export function Page({ rest, query }) {
  const wish = useMemo(() => wishOf(query), [query.toString()]);
  const newest = useStore((state) => state.newestActivity);
  const connection = useStore((state) => state.connection);
  const { page, stats } = useRequests(wish, newest, connection);
  const change = (members) => go("activity", "", { ...Object.fromEntries(query), page: "", ...members });
  const close = () => go("activity", "", Object.fromEntries(query));
  return html`
    <div class="page-title">
      <h1>Activity</h1>
      <div class="actions"><${ExportButtons} wish=${wish} /></div>
    </div>
    <div class="stack">
      <${Stats} stats=${stats} />
      <section class="card" aria-label="Requests">
        <${Filters} wish=${wish} change=${change} />
        <${RequestTable} page=${page} wish=${wish} change=${change} query=${query} />
        <${Pager} page=${page} wish=${wish} change=${change} />
      </section>
    </div>
    ${/^\d+$/.test(rest) && html`<${Capture} key=${rest} id=${Number(rest)} entry=${page?.data.find((entry) => entry.id === Number(rest))} onClose=${close} />`}`;
}

/** What the address asks for. */
function wishOf(query) {
  const get = (name, otherwise) => query.get(name) || otherwise;
  return {
    model: get("model", ""),
    period: get("period", ""),
    sort: get("sort", "id"),
    order: get("order", "desc"),
    limit: Number(get("limit", 50)),
    page: Number(get("page", 1)),
    isFiltered: Boolean(query.get("model") || query.get("period")),
  };
}

/** The query of `GET /api/metrics/activity` for a wish. */
export function searchOf({ model, period, sort, order, limit, page }) {
  const search = new URLSearchParams({ sort, order, limit, page });
  if (model) search.set("model", model);
  if (period) search.set("start", startOf(period).toISOString().replace(/\.\d+Z/, "Z"));
  return search;
}

function startOf(period) {
  const now = new Date();
  if (period === "hour") return new Date(now - 3_600_000);
  if (period === "week") return new Date(now - 7 * 86_400_000);
  return new Date(now.getFullYear(), now.getMonth(), now.getDate());
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
      const of = wish.model ? `?${new URLSearchParams({ model: wish.model })}` : "";
      const [page_, stats_] = await Promise.all([
        ask(`/api/metrics/activity?${searchOf(wish)}`, { signal }),
        ask(`/api/metrics/stats${of}`, { signal }),
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

function Filters({ wish, change }) {
  const picture = useStore((state) => state.picture);
  const status = useStore((state) => state.status);
  const ids = useMemo(() => {
    const known = choicesOf({ picture, status, listed: state.listed }).filter(({ kind }) => kind !== "Selectors").map(({ id }) => id);
    return wish.model && !known.includes(wish.model) ? [...known, wish.model] : known;
  }, [picture?.models.length, status, wish.model]);
  return html`
    <div class="toolbar filters">
      <label class="check"><span class="hint">Model</span>
        <select name="model" value=${wish.model} onChange=${({ target }) => change({ model: target.value })}>
          <option value="">all</option>
          ${ids.map((id) => html`<option key=${id} value=${id}>${id}</option>`)}
        </select>
      </label>
      <label class="check"><span class="hint">When</span>
        <select name="period" value=${wish.period} onChange=${({ target }) => change({ period: target.value })}>
          ${Object.entries(PERIODS).map(([value, label]) => html`<option key=${value} value=${value}>${label}</option>`)}
        </select>
      </label>
      ${wish.isFiltered && html`<button type="button" class="quiet" onClick=${() => change({ model: "", period: "" })}><${Icon} name="close" size="16" /><span>Clear</span></button>`}
    </div>`;
}

function Pager({ page, wish, change }) {
  if (!page) return html`<p class="pager hint">Loading…</p>`;
  const first = page.total ? (page.page - 1) * page.limit + 1 : 0;
  const last = Math.min(page.page * page.limit, page.total);
  return html`
    <div class="pager">
      <p class="hint" role="status">${page.total ? `${first}–${last} of ${page.total}` : wish.isFiltered ? "No such requests" : "No requests yet"}</p>
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
