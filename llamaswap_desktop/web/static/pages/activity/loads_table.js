// What was loaded and unloaded, and what it cost.

import { duration, moment } from "../../format.js";
import { html } from "../../html.js";
import { hrefOf } from "../../route.js";

const KINDS = { loaded: ["loaded", "good"], failed: ["failed", "bad"], cancelled: ["called off", "warn"], unloaded: ["unloaded", ""] };
const REASONS = {
  evicted: "to make room", unloaded: "by hand", idle: "was idle", shutdown: "the program ended", reloaded: "its definition changed",
  unhealthy: "did not answer after a sleep",
};

export function LoadsTable({ page, wish }) {
  return html`
    <div class="table-scroll" tabindex="0" role="region" aria-label="Loads and unloads, scrollable">
      <table class="loads">
        <thead><tr><th>Time</th><th>Model</th><th>What</th><th class="number">Took</th><th>Made leave</th><th>Why</th></tr></thead>
        <tbody>${page?.data.map((entry) => html`<${Row} key=${`${entry.timestamp} ${entry.model} ${entry.kind}`} entry=${entry} />`)}</tbody>
      </table>
      ${page?.total === 0 && html`<p class="empty">${wish.isFiltered ? "Nothing matches." : "No model has been loaded yet."}</p>`}
    </div>`;
}

function Row({ entry: { timestamp, model, kind, took_s: took, evicted, reason } }) {
  const [word, mood] = KINDS[kind];
  return html`
    <tr>
      <td class="when">${moment(timestamp)}</td>
      <td class="model"><a href=${hrefOf("models", model)}>${model}</a></td>
      <td><span class=${`tag ${mood}`}>${word}</span></td>
      <td class="number">${took === null ? "" : duration(took)}</td>
      <td>${evicted.join(", ")}</td>
      <td class="why">${REASONS[reason] ?? reason}</td>
    </tr>`;
}
