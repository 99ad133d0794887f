// Sums over everything that is remembered, and how fast it was.

import { Histogram } from "../../components/histogram.js";
import { count } from "../../format.js";
import { html } from "../../html.js";

/** `children`: what else is worth a card. */
export function Stats({ stats, children }) {
  const figures = [
    ["Requests", stats?.total_requests],
    ["Tokens read", stats?.total_input_tokens],
    ["Tokens written", stats?.total_output_tokens],
    ["Tokens from cache", stats?.total_cache_tokens],
  ];
  return html`
    <section class="stats" aria-label="Totals">
      <dl class="card totals">${figures.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value === undefined ? "–" : count(value)}</dd></div>`)}</dl>
      <div class="card"><${Histogram} title="Reading speed" unit="tokens/s" data=${stats?.prompt_histogram} /></div>
      <div class="card"><${Histogram} title="Writing speed" unit="tokens/s" data=${stats?.gen_histogram} /></div>
      ${children}
    </section>`;
}
