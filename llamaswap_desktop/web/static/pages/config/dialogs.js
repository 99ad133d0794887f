// What is asked before a save, and what helps after one: the difference, earlier versions, what is in force.

import { ask, post, request } from "../../api.js";
import { Copy } from "../../components/copy.js";
import { Dialog } from "../../components/dialog.js";
import { save } from "../../components/save.js";
import { moment, size } from "../../format.js";
import { html, useEffect, useState } from "../../html.js";
import { attempt } from "../../store.js";
import { textFromZip } from "./unzip.js";

/** What a save would change; `onSave` saves. */
export function SaveDialog({ text, onSave, onClose }) {
  const [difference, setDifference] = useState(null);
  const [error, setError] = useState("");
  const [isSaving, setIsSaving] = useState(false);
  useEffect(() => {
    post("/api/desktop/config/diff", { text }).then(setDifference, ({ message }) => setError(message));
  }, []);
  const confirm = async () => {
    setIsSaving(true);
    await onSave();
    setIsSaving(false);
  };
  return html`
    <${Dialog} title="Save the configuration?" wide onClose=${onClose}>
      ${error && html`<p class="error-text" role="alert">${error}</p>`}
      ${!difference && !error && html`<p class="hint">Comparing…</p>`}
      ${difference && html`<${Consequences} difference=${difference} /><${Difference} text=${difference.diff} />`}
      <div class="dialog-end">
        <button type="button" onClick=${onClose}>Not yet</button>
        <button type="button" class="primary" disabled=${!difference || isSaving} onClick=${confirm}>Save</button>
      </div>
    </${Dialog}>`;
}

function Consequences({ difference: { added, removed, changed, restarts } }) {
  const facts = [["New", added, "good"], ["Gone", removed, "bad"], ["Changed", changed, ""], ["Restarts when idle", restarts, "warn"]];
  const shown = facts.filter(([, ids]) => ids.length);
  if (!shown.length) return html`<p class="hint">No model changes.</p>`;
  return html`<dl class="facts-list">${shown.map(([name, ids, kind]) => html`<dt key=${name}>${name}</dt><dd key=${`${name} are`} class="tags">${ids.map((id) => html`<span key=${id} class=${`tag ${kind}`}>${id}</span>`)}</dd>`)}</dl>`;
}

function Difference({ text }) {
  if (!text) return html`<p class="hint">The text is the same.</p>`;
  const kindOf = (line) => (/^(\+\+\+|---|@@)/.test(line) ? "meta" : line.startsWith("+") ? "plus" : line.startsWith("-") ? "minus" : "");
  return html`<pre class="code difference" tabindex="0" aria-label="Difference">${text.trimEnd().split("\n").map((line, position) => html`<span key=${position} class=${kindOf(line)}>${line}${"\n"}</span>`)}</pre>`;
}

/** Earlier versions; `onRestore(id)` goes back to one. */
export function BackupsDialog({ onRestore, onClose }) {
  const [backups, setBackups] = useState(null);
  useEffect(() => {
    attempt(async () => setBackups((await ask("/api/desktop/config/backups")).backups));
  }, []);
  return html`
    <${Dialog} title="Earlier versions" onClose=${onClose}>
      <p class="hint">Each save keeps what it replaces. Going back is a save too, so that it can be undone.</p>
      ${backups?.length === 0 && html`<p>There is none yet.</p>`}
      <ul class="backups">
        ${backups?.map(({ id, timestamp, bytes }) => html`<li key=${id}><span>Until ${moment(timestamp)}</span><span class="hint">${size(bytes)}</span><button type="button" onClick=${() => onRestore(id)}>Go back to it</button></li>`)}
      </ul>
    </${Dialog}>`;
}

/** The configuration as the program understands it, out of the report. */
export function InForceDialog({ onClose }) {
  const [report, setReport] = useState(null);
  useEffect(() => {
    attempt(async () => {
      const blob = await (await request("/api/desktop/diagnose", { method: "POST", body: {} })).blob();
      const text = await textFromZip(new Uint8Array(await blob.arrayBuffer()), "config.yaml");
      setReport({ blob, text });
    });
  }, []);
  return html`
    <${Dialog} title="The configuration in force" wide onClose=${onClose}>
      <p class="hint">Macros and variables replaced, defaults filled in, keys hidden.</p>
      ${!report && html`<p class="hint">Loading…</p>`}
      ${report && html`
        <div class="actions">
          <${Copy} text=${report.text} />
          <button type="button" onClick=${() => save("llamaswap-desktop-report.zip", report.blob)}>Save a report for whoever helps</button>
        </div>
        <pre class="code" tabindex="0" aria-label="Configuration in force">${report.text}</pre>`}
    </${Dialog}>`;
}
