// What was asked and what was answered, as far as it was kept.

import { ask } from "../../api.js";
import { Json, pretty } from "../../components/code.js";
import { Copy } from "../../components/copy.js";
import { Dialog } from "../../components/dialog.js";
import { save } from "../../components/save.js";
import { duration, moment, size, speed } from "../../format.js";
import { html, useEffect, useMemo, useState } from "../../html.js";
import { reassemble } from "./reassemble.js";

export function Capture({ id, entry, onClose }) {
  const [capture, setCapture] = useState(undefined);
  useEffect(() => {
    ask(`/api/captures/${id}`).then(setCapture, (error) => setCapture({ error: error.message, status: error.status }));
  }, [id]);
  return html`
    <${Dialog} title=${`Request ${id}`} wide onClose=${onClose}>
      ${entry && html`<${Summary} entry=${entry} />`}
      ${capture === undefined && html`<p class="hint">Loading…</p>`}
      ${capture?.error && html`<p class="hint">${capture.status === 404 ? "What was said has not been kept: captures live in memory, and the oldest make room." : capture.error}</p>`}
      ${capture && !capture.error && html`
        <${Side} title="Request" headers=${capture.req_headers} body=${capture.req_body} name=${`request-${id}`} />
        <${Side} title="Response" headers=${capture.resp_headers} body=${capture.resp_body} name=${`response-${id}`} />`}
    </${Dialog}>`;
}

function Summary({ entry }) {
  const { tokens } = entry;
  const facts = [
    ["Model", entry.model],
    ["When", moment(entry.timestamp)],
    ["Took", duration(entry.duration_ms / 1000)],
    ["Status", `${entry.resp_status_code}${entry.error_msg ? `: ${entry.error_msg}` : ""}`],
    ["Tokens", `${Math.max(0, tokens.input_tokens)} read, ${Math.max(0, tokens.output_tokens)} written`],
    ["Speed", (tokens.prompt_per_second > 0 || tokens.tokens_per_second > 0) && `${speed(tokens.prompt_per_second)} read/s, ${speed(tokens.tokens_per_second)} written/s`],
    ["Drafted", tokens.draft_tokens > 0 && `${tokens.draft_tokens}, ${tokens.draft_acc_tokens} of them accepted`],
    ...Object.entries(entry.metadata ?? {}),
  ].filter(([, value]) => value);
  return html`<dl class="facts-list">${facts.map(([name, value]) => html`<dt key=${name}>${name}</dt><dd key=${`${name} is`}>${value}</dd>`)}</dl>`;
}

function Side({ title, headers, body, name }) {
  const type = Object.entries(headers ?? {}).find(([header]) => header.toLowerCase() === "content-type")?.[1] ?? "";
  return html`
    <section class="stack side">
      <h3>${title}</h3>
      <details><summary>${Object.keys(headers ?? {}).length} headers</summary>
        <dl class="facts-list">${Object.entries(headers ?? {}).map(([header, value]) => html`<dt key=${header}>${header}</dt><dd key=${`${header} is`}><code>${value}</code></dd>`)}</dl>
      </details>
      ${body === null ? html`<p class="hint">Its body is not kept.</p>` : html`<${Body} title=${title} bytes=${bytesOf(body)} type=${type} name=${name} />`}
    </section>`;
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function Body({ title, bytes, type, name }) {
  const text = useMemo(() => textIn(bytes), [bytes.length, name]);
  const whole = useMemo(() => (text !== null && type.includes("event-stream") ? reassemble(text) : null), [text, type]);
  const [isRaw, setIsRaw] = useState(false);
  if (text === null) {
    return html`<p class="hint">${size(bytes.length)} of ${type || "something that is no text"} <button type="button" onClick=${() => save(name, new Blob([bytes]))}>Download</button></p>`;
  }
  if (!text) return html`<p class="hint">Empty.</p>`;
  const shown = isRaw || !whole ? (isRaw ? text : pretty(text)) : null;
  return html`
    <div class="actions">
      ${whole && html`<div class="segments" role="group" aria-label=${`How the ${title.toLowerCase()} is shown`}>
        <button type="button" aria-pressed=${isRaw ? "false" : "true"} onClick=${() => setIsRaw(false)}>Reassembled</button>
        <button type="button" aria-pressed=${isRaw ? "true" : "false"} onClick=${() => setIsRaw(true)}>As sent</button>
      </div>`}
      <${Copy} text=${shown ?? whole.text} />
    </div>
    ${shown === null ? html`<${Reassembled} whole=${whole} />` : html`<${Json} text=${shown} label=${`${title} body`} />`}`;
}

function textIn(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}

function Reassembled({ whole }) {
  return html`
    ${whole.reasoning && html`<details open><summary>Reasoning</summary><pre class="code" tabindex="0">${whole.reasoning}</pre></details>`}
    ${whole.text && html`<pre class="code" tabindex="0" aria-label="Answer">${whole.text}</pre>`}
    ${whole.tools.map((tool, position) => html`<div key=${position}><h4>Calls ${tool.name}</h4><${Json} text=${pretty(tool.arguments)} label="Arguments" /></div>`)}
    ${whole.error && html`<p class="error-text">${whole.error}</p>`}
    ${whole.rest && html`<details><summary>Figures</summary><${Json} text=${JSON.stringify(whole.rest, null, 2)} label="Figures" /></details>`}`;
}
