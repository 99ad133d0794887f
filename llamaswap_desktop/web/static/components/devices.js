// How full each GPU and the computer's memory are.

import { size } from "../format.js";
import { html } from "../html.js";

const FULL = 0.9;

export function Devices({ devices }) {
  if (!devices.length) return html`<p class="hint">The monitor is off, or has not looked yet.</p>`;
  return html`<ul class="devices">${devices.map((device) => html`<${Device} key=${device.id} device=${device} />`)}</ul>`;
}

function Device({ device: { name, mem_used_bytes: used, mem_total_bytes: total, util_pct: busy } }) {
  const share = total ? used / total : 0;
  return html`
    <li class="device">
      <p><span>${name}</span><span>${size(used)} of ${size(total)} · ${busy.toFixed(0)} % busy</span></p>
      <div class=${`meter ${share > FULL ? "warn" : ""}`}><span style=${{ width: `${(share * 100).toFixed(1)}%` }}></span></div>
    </li>`;
}
