// All about one model, in a panel at the side.

import { ask } from "../../api.js";
import { Countdown } from "../../components/countdown.js";
import { Copy, CopyLine } from "../../components/copy.js";
import { Dialog } from "../../components/dialog.js";
import { duration } from "../../format.js";
import { html, useEffect, useState } from "../../html.js";
import { factsOf, isUp, load, unload, wordFor } from "../../models.js";
import { hrefOf } from "../../route.js";
import { useStore } from "../../store.js";
import { Plans } from "./plans.js";

const FLAGS = {
  vision: "sees images", audio_transcriptions: "transcribes speech", audio_speech: "speaks", image_generation: "draws images",
  image_to_image: "changes images", function_calling: "calls tools", reranker: "reranks",
};

export function ModelDetails({ id, onClose }) {
  const model = useStore((state) => state.picture?.models.find((each) => each.id === id));
  const status = useStore((state) => state.status.get(id));
  const record = useStore((state) => state.listed.find((each) => each.id === id));
  const { settings, needsKey } = useSettings(id, model?.state);
  const name = model?.name || status?.name || record?.name || id;
  return html`
    <${Dialog} title=${name} side onClose=${onClose}>
      ${!model && !status && !record && html`<p class="hint">There is no model of this name now.</p>`}
      ${(status?.description || record?.description) && html`<p>${status?.description || record.description}</p>`}
      <div class="actions">
        ${model && (isUp(model)
          ? html`<button type="button" onClick=${() => unload(id)}>Unload</button>`
          : html`<button type="button" class="primary" onClick=${() => load(id)}>Load</button>`)}
        <a class="button" href=${hrefOf("playground", "chat", { model: id })}>Try it</a>
        ${model && html`<a class="button" href=${hrefOf("logs", id)}>Log</a>`}
        <a class="button" href=${hrefOf("activity", "", { model: id })}>Activity</a>
        ${model && html`<a class="button" href=${`/upstream/${encodeURIComponent(id)}/`} target="_blank" rel="noreferrer">Its own page</a>`}
      </div>
      <${Facts} id=${id} model=${model} status=${status} record=${record} settings=${settings} />
      ${model?.problem && html`<p class="error-text">${model.problem}</p>`}
      ${settings?.cmd && html`<${Command} command=${settings.cmd} />`}
      ${settings && html`<${Settings} settings=${settings} />`}
      <${Plans} id=${id} />
      <${ClientSettings} id=${id} needsKey=${needsKey} />
    </${Dialog}>`;
}

/**
 * { settings: what holds for a model of this computer, under the configuration's own keys, needsKey: whether programs need
 * one }.  Whoever may not see the configuration sees what /running tells of the model while it runs.
 */
function useSettings(id, modelState) {
  const [found, setFound] = useState({ settings: null, needsKey: false });
  useEffect(() => {
    let isStale = false;
    const show = (settings, needsKey) => isStale || setFound({ settings: settings ?? null, needsKey });
    const ofRunning = ({ status }) => ask("/running").then(({ running }) => show(running.find(({ model }) => model === id), status === 403), () => {});
    ask("/api/desktop/config/effective", { isAside: true }).then(({ config }) => show(config.models[id], config.apiKeys.length > 0), ofRunning);
    return () => {
      isStale = true;
    };
  }, [id, modelState]);
  return found;
}

const SHOWN_ELSEWHERE = new Set(["cmd", "name", "description", "aliases", "capabilities"]);

function Settings({ settings }) {
  const entries = Object.entries(settings).filter(([key, value]) => !SHOWN_ELSEWHERE.has(key) && !isEmpty(value));
  return html`
    <details>
      <summary>Settings in force</summary>
      <dl class="facts-list">${entries.map(([key, value]) => html`<dt key=${key}><code>${key}</code></dt><dd key=${`${key} is`}><code>${wordsOf(value)}</code></dd>`)}</dl>
      <p><a href="#/config">Change them</a></p>
    </details>`;
}

const isEmpty = (value) => value === "" || (typeof value === "object" && Object.values(value ?? {}).every(isEmpty));

/** connect: 30, idleConn: 90 */
function wordsOf(value) {
  if (Array.isArray(value)) return value.join("\n");
  if (value === null || typeof value !== "object") return String(value);
  return Object.entries(value).filter(([, inner]) => !isEmpty(inner)).map(([key, inner]) => `${key}: ${typeof inner === "object" ? JSON.stringify(inner) : inner}`).join("\n");
}

function Facts({ id, model, status, record, settings }) {
  const meta = record?.meta?.llamaswap ?? {};
  const flags = Object.keys(status?.capabilities ?? record?.capabilities ?? {});
  const facts = [
    ["Id", html`<code>${id}</code>`],
    ["State", model && factsOf(model).join(" · ")],
    ["Why", model && model.state === "stopped" && wordFor(model) === "Failed" && "its last start failed"],
    ["Aliases", status?.aliases?.join(", ")],
    ["Peer", status?.peerID],
    ["Strategy", meta.strategy && `${meta.strategy} among ${meta.targets?.join(", ")}`],
    ["Context", status?.context_length && `${status.context_length} tokens`],
    ["Can", flags.length && flags.map((flag) => FLAGS[flag] ?? flag).join(", ")],
    ["Unloads", settings && unloadsWhen(model, settings)],
    ["Server", settings?.proxy && html`<code>${settings.proxy}</code>`],
  ].filter(([, value]) => value);
  return html`<dl class="facts-list">${facts.map(([name, value]) => html`<dt key=${name}>${name}</dt><dd key=${`${name} is`}>${value}</dd>`)}</dl>`;
}

function unloadsWhen(model, { ttl }) {
  if (model?.is_pinned) return "never: it is pinned";
  if (!ttl) return "only to make room";
  const clock = model?.unloads_at_ms && html`, so in <${Countdown} until_ms=${model.unloads_at_ms} />`;
  return html`after ${duration(ttl)} without a request${clock}`;
}

function Command({ command }) {
  return html`
    <section>
      <div class="card-title"><h3>Command</h3><${Copy} text=${command} label="Copy the command" quiet /></div>
      <pre class="code" tabindex="0">${command}</pre>
    </section>`;
}

function ClientSettings({ id, needsKey }) {
  const body = JSON.stringify({ model: id, messages: [{ role: "user", content: "Hello!" }] });
  const key = needsKey ? "-H 'Authorization: Bearer YOUR-KEY' " : "";
  const curl = `curl ${location.origin}/v1/chat/completions ${key}-H 'Content-Type: application/json' -d '${body.replaceAll("'", "'\\''")}'`;
  const python = `from openai import OpenAI\n\nclient = OpenAI(base_url="${location.origin}/v1", api_key="${needsKey ? "YOUR-KEY" : "none"}")\nanswer = client.chat.completions.create(\n    model=${JSON.stringify(id)},\n    messages=[{"role": "user", "content": "Hello!"}],\n)\nprint(answer.choices[0].message.content)\n`;
  return html`
    <section class="stack">
      <h3>For your programs</h3>
      <${CopyLine} text=${`${location.origin}/v1`} label="Copy the base URL" />
      <${CopyLine} text=${id} label="Copy the model's name" />
      <${CopyLine} text=${curl} label="Copy the curl command" />
      <div class="code-box"><${Copy} text=${python} label="Copy the Python program" quiet /><pre class="code" tabindex="0">${python}</pre></div>
    </section>`;
}
