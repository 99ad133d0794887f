// The time until something happens, which goes on by itself.

import { roughly } from "../format.js";
import { html, useEffect, useState } from "../html.js";

/** `until_ms`: wall time of this browser. */
export function Countdown({ until_ms: until }) {
  const [, tick] = useState(0);
  const left_s = Math.max(0, (until - Date.now()) / 1000);
  useEffect(() => {
    const timer = setTimeout(() => tick((count) => count + 1), left_s > 120 ? 10_000 : 1000);
    return () => clearTimeout(timer);
  });
  return html`<time class="countdown">${roughly(left_s)}</time>`;
}
