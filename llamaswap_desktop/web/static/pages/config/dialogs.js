// What is asked before a save, and what helps after one: the difference, earlier versions, what is in force.

import { ask, post, request } from "../../api.js";
import { Copy } from "../../components/copy.js";
import { Dialog } from "../../components/dialog.js";
import { save } from "../../components/save.js";
import { moment, size } from "../../format.js";
import { html, useEffect, useState } from "../../html.js";
import { attempt } from "../../store.js";

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

/** Earlier versions, each with what going back to it would change; `onRestore(id)` goes back. */
export function BackupsDialog({ onRestore, onClose }) {
  const [backups, setBackups] = useState(null);
  const [shown, setShown] = useState(null);
  useEffect(() => {
    attempt(async () => setBackups((await ask("/api/desktop/config/backups")).backups));
  }, []);
  const look = (id) => attempt(async () => setShown(await ask(`/api/desktop/config/backups/${encodeURIComponent(id)}`)));
  return html`
    <${Dialog} title="Earlier versions" wide onClose=${onClose}>
      <p class="hint">Each save keeps what it replaces. Going back is a save too, so that it can be undone.</p>
      ${backups?.length === 0 && html`<p>There is none yet.</p>`}
      <ul class="backups">
        ${backups?.map(({ id, timestamp, bytes }) => {
          const isShown = shown?.id === id;
          return html`
            <li key=${id}>
              <span>Until ${moment(timestamp)}</span><span class="hint">${size(bytes)}</span>
              <button type="button" aria-expanded=${isShown ? "true" : "false"} onClick=${() => (isShown ? setShown(null) : look(id))}>${isShown ? "Close" : "Look at it"}</button>
              ${isShown && html`<${Version} version=${shown} onRestore=${() => onRestore(id)} />`}
            </li>`;
        })}
      </ul>
    </${Dialog}>`;
}

function Version({ version: { text, diff }, onRestore }) {
  const [isWhole, setIsWhole] = useState(false);
  return html`
    <div class="version-text stack">
      <div class="actions">
        <div class="segments" role="group" aria-label="What is shown">
          <button type="button" aria-pressed=${isWhole ? "false" : "true"} onClick=${() => setIsWhole(false)}>What would change</button>
          <button type="button" aria-pressed=${isWhole ? "true" : "false"} onClick=${() => setIsWhole(true)}>The whole text</button>
        </div>
        <${Copy} text=${text} />
        <span class="grow"></span>
        <button type="button" class="primary" disabled=${!diff} onClick=${onRestore}>Go back to it</button>
      </div>
      ${isWhole ? html`<pre class="code" tabindex="0" aria-label="Earlier version">${text}</pre>` : html`<${Difference} text=${diff} />`}
    </div>`;
}

/** The configuration as the program understands it. */
export function InForceDialog({ onClose }) {
  const [text, setText] = useState(null);
  useEffect(() => {
    attempt(async () => setText((await ask("/api/desktop/config/effective")).text));
  }, []);
  const report = () => attempt(async () => {
    const answer = await request("/api/desktop/diagnose", { method: "POST", body: {} });
    save("llamaswap-desktop-report.zip", await answer.blob());
  });
  return html`
    <${Dialog} title="The configuration in force" wide onClose=${onClose}>
      <p class="hint">Macros and variables replaced, defaults filled in, keys hidden.</p>
      ${text === null && html`<p class="hint">Loading…</p>`}
      ${text !== null && html`
        <div class="actions">
          <${Copy} text=${text} />
          <button type="button" onClick=${report}>Save a report for whoever helps</button>
        </div>
        <pre class="code" tabindex="0" aria-label="Configuration in force">${text}</pre>`}
    </${Dialog}>`;
}
