// The table: running requests first, then those that are over.

import { post } from "../../api.js";
import { Icon } from "../../components/icon.js";
import { count, duration, moment, size, speed } from "../../format.js";
import { html, memo, useEffect, useState } from "../../html.js";
import { hrefOf } from "../../route.js";
import { attempt, useStore } from "../../store.js";

const COLUMNS = [
  ["id", "Time"],
  ["model", "Model"],
  ["req_path", "Path"],
  ["resp_status_code", "Status", true],
  ["prompt", "Read", true],
  ["cached", "Cached", true],
  ["generated", "Written", true],
  ["prompt_speed", "Read/s", true],
  ["gen_speed", "Written/s", true],
  ["duration", "Took", true],
];

export function RequestTable({ page, wish, change, query }) {
  const inflight = useStore((state) => state.inflight);
  const running = wish.page === 1 && !wish.status && wish.period !== "between" ? inflight.filter(({ model }) => !wish.model || model === wish.model) : [];
  const search = query.toString();
  return html`
    <div class="table-scroll" tabindex="0" role="region" aria-label="Requests, scrollable">
      <table>
        <thead><tr>
          ${COLUMNS.map(([key, title, isNumber]) => html`<${Head} key=${key} name=${key} title=${title} isNumber=${isNumber} wish=${wish} change=${change} />`)}
          <th><span class="visually-hidden">Capture</span></th>
        </tr></thead>
        <tbody>
          ${running.toReversed().map((entry) => html`<${Running} key=${`r${entry.id}`} entry=${entry} />`)}
          ${page?.data.map((entry) => html`<${Finished} key=${entry.id} entry=${entry} search=${search} />`)}
        </tbody>
      </table>
      ${page?.total === 0 && !running.length && html`<p class="empty">${wish.isFiltered ? "Nothing matches." : html`Nothing has been asked yet. <a href="#/playground">Try a model</a>.`}</p>`}
    </div>`;
}

function Head({ name, title, isNumber, wish, change }) {
  const isSorted = wish.sort === name;
  const order = isSorted && wish.order === "desc" ? "asc" : "desc";
  return html`
    <th class=${isNumber ? "number" : ""} aria-sort=${isSorted ? (wish.order === "desc" ? "descending" : "ascending") : undefined}>
      <button type="button" class="quiet sort" onClick=${() => change({ sort: name, order })}>
        ${title}${isSorted && html`<${Icon} name=${wish.order === "desc" ? "down" : "up"} size="14" />`}
      </button>
    </th>`;
}

function Running({ entry }) {
  const sessionHeaders = useStore((state) => state.sessionHeaders);
  const elapsed = useElapsed(entry.timestamp);
  const session = sessionOf(entry.req_headers, sessionHeaders);
  return html`
    <tr class="running">
      <td><span class="light loading" aria-hidden="true"></span> running</td>
      <td>${entry.model}${session && html` <span class="tag" title="session">${session}</span>`}</td>
      <td><code>${entry.req_path}</code></td>
      <td class="number" colspan="6">${entry.resp_bytes ? `${size(entry.resp_bytes)} sent` : "no answer yet"}</td>
      <td class="number">${duration(elapsed)}</td>
      <td><button type="button" class="quiet" aria-label=${`Cancel request ${entry.id}`} onClick=${() => attempt(() => post(`/api/inflight/${encodeURIComponent(entry.id)}/cancel`))}>Cancel</button></td>
    </tr>`;
}

function sessionOf(headers, names) {
  const given = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return names.map((name) => given.get(name.toLowerCase())).find(Boolean);
}

function useElapsed(timestamp) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return Math.max(0, (now - Date.parse(timestamp)) / 1000);
}

const Finished = memo(({ entry, search }) => {
  const { tokens } = entry;
  return html`
    <tr>
      <td class="when">${moment(entry.timestamp)}</td>
      <td class="model">${entry.model}${entry.metadata?.selector && html` <span class="tag" title="selector">${entry.metadata.selector}</span>`}</td>
      <td><code>${entry.req_path}</code></td>
      <td class="number"><span class=${`tag ${entry.resp_status_code === 200 && !entry.error_msg ? "good" : "bad"}`} title=${entry.error_msg}>${entry.resp_status_code}</span></td>
      <td class="number">${figure(tokens.input_tokens)}</td>
      <td class="number">${figure(tokens.cache_tokens)}</td>
      <td class="number">${figure(tokens.output_tokens)}</td>
      <td class="number">${speed(tokens.prompt_per_second)}</td>
      <td class="number">${speed(tokens.tokens_per_second)}</td>
      <td class="number">${duration(entry.duration_ms / 1000)}</td>
      <td><a class="button quiet icon-only" title="Details" aria-label=${`Details of request ${entry.id}`} href=${`${hrefOf("activity", String(entry.id))}${search && `?${search}`}`}><${Icon} name="more" /></a></td>
    </tr>`;
});

const figure = (value) => (value > 0 ? count(value) : "–");
