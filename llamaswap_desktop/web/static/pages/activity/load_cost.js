// What loading has cost today, in one sentence.

import { counted, duration } from "../../format.js";
import { html } from "../../html.js";
import { asParameter, startOfToday, useLoads } from "../../loads.js";
import { hrefOf } from "../../route.js";

export function LoadCost({ model }) {
  const search = new URLSearchParams({ limit: 1, start: asParameter(startOfToday()), ...(model && { model }) });
  const today = useLoads(search.toString());
  return html`
    <section class="card load-cost" aria-label="Loading today">
      <h2>Loading today</h2>
      <p class="figure">${today ? (today.loads ? duration(today.loading_s) : "none") : "–"}</p>
      <p class="hint">${today?.loads > 0 && html`in ${counted(today.loads, "load")}, ${today.swaps || "none"} of which made others leave · <a href=${hrefOf("activity", "", { view: "loads", period: "today", model })}>Show them</a>`}</p>
    </section>`;
}
