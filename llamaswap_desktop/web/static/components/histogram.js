// How often a figure was how large: bars from the server's bins, and the percentiles in words.

import { html } from "../html.js";

const HEIGHT = 64;

export function Histogram({ title, unit, data }) {
  if (!data) return html`<figure class="histogram"><figcaption>${title}</figcaption><p class="hint">No figures yet.</p></figure>`;
  const { bins, min, max, p50, p95, p99 } = data;
  const most = Math.max(...bins, 1);
  const width = 100 / bins.length;
  const figure = (value) => value.toFixed(value < 100 ? 1 : 0);
  const words = `${title}: half are below ${figure(p50)} ${unit}, 95 % below ${figure(p95)}, 99 % below ${figure(p99)}`;
  return html`
    <figure class="histogram">
      <figcaption>${title}</figcaption>
      <svg viewBox=${`0 0 100 ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${words}>
        ${bins.map((number, position) => {
          const height = number ? Math.max((number / most) * HEIGHT, 1.5) : 0;
          return html`<rect key=${position} x=${position * width + width * 0.08} y=${HEIGHT - height} width=${width * 0.84} height=${height} />`;
        })}
      </svg>
      <p class="scale"><span>${figure(min)}</span><span>${unit}</span><span>${figure(max)}</span></p>
      <p class="hint"><small>median ${figure(p50)} · 95 % ${figure(p95)} · 99 % ${figure(p99)}</small></p>
    </figure>`;
}
