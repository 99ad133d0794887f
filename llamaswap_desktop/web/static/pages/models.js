// Every model there is: those of this computer by group, selectors, and the models of peers.

import { command, put } from "../api.js";
import { CopyLine } from "../components/copy.js";
import { Devices } from "../components/devices.js";
import { Icon } from "../components/icon.js";
import { html, useMemo, useState } from "../html.js";
import { isUp, unloadAll } from "../models.js";
import { go } from "../route.js";
import { attempt, useStore } from "../store.js";
import { GroupTitle } from "./models/group_title.js";
import { LocalModel, RemoteModel } from "./models/rows.js";
import { ModelDetails } from "./models/details.js";
import { Welcome, isFirstRun } from "./models/welcome.js";

const FILTERS = { all: "All", loaded: "Loaded", peers: "Peers", selectors: "Selectors" };

export function Page({ rest }) {
  const picture = useStore((state) => state.picture);
  if (picture === null) return html`<p class="empty">Connecting…</p>`;
  return html`
    <div class="stack">
      <${Title} picture=${picture} />
      ${isFirstRun(picture) && html`<${Welcome} models=${picture.models} />`}
      <div class="models-top">
        <${Address} />
        <section class="card" aria-labelledby="memory-title">
          <h2 id="memory-title">Memory</h2>
          <${Devices} devices=${picture.devices} />
        </section>
      </div>
      <${Problems} problems=${picture.problems} />
      <${ModelList} picture=${picture} />
    </div>
    ${rest && html`<${ModelDetails} key=${rest} id=${rest} onClose=${() => go("models")} />`}`;
}

function Address() {
  return html`
    <section class="card" aria-labelledby="address-title">
      <h2 id="address-title">Address for your programs</h2>
      <div class="address">
        <${CopyLine} text=${`${location.origin}/v1`} label="Copy the address for OpenAI-style programs" />
        <${CopyLine} text=${location.origin} label="Copy the address for Anthropic-style programs" />
      </div>
      <p class="hint">Programs made for OpenAI want the first one, those for Anthropic the second.</p>
    </section>`;
}

function Problems({ problems }) {
  if (!problems.length) return null;
  return html`
    <section class="card" aria-labelledby="problems-title">
      <h2 id="problems-title">Worth a look in your configuration</h2>
      <ul class="stack">${problems.map((problem) => html`<li key=${problem} class="hint">${problem}</li>`)}</ul>
    </section>`;
}

function Title({ picture }) {
  return html`
    <div class="page-title">
      <h1>Models</h1>
      <div class="actions">
        <${ProfileChoice} active=${picture.profile} />
        ${!picture.paused && html`<${PauseButton} />`}
        <button type="button" disabled=${!picture.models.some(isUp)} onClick=${unloadAll}><${Icon} name="memory" /><span>Free memory now</span></button>
      </div>
    </div>`;
}

function ModelList({ picture }) {
  const status = useStore((state) => state.status);
  const listed = useStore((state) => state.listed);
  const [search, setSearch] = useState("");
  const [filter, setFilter] = useState("all");
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const sections = useMemo(() => sectionsOf(picture, status, listed), [picture, status, listed]);
  const shown = sections
    .filter(({ kind }) => filter === "all" || (filter === "loaded" ? kind === "local" : kind === filter))
    .map((section) => ({ ...section, rows: section.rows.filter((row) => (filter !== "loaded" || isUp(row.model)) && isMeant(row, words)) }))
    .filter(({ rows }) => rows.length);
  const waiting = useMemo(() => sentencesByModel(picture.waiting), [picture.waiting]);
  const loads = useMemo(() => new Map(picture.loads.map((load) => [load.model, load])), [picture.loads]);
  return html`
    <div class="toolbar">
      <label class="search"><${Icon} name="search" /><span class="visually-hidden">Search models</span>
        <input type="search" placeholder="Search by name, alias, description" value=${search} onInput=${(event) => setSearch(event.target.value)} />
      </label>
      <div class="segments" role="group" aria-label="Which models">
        ${Object.entries(FILTERS).map(
          ([name, label]) => html`<button key=${name} type="button" aria-pressed=${filter === name ? "true" : "false"} onClick=${() => setFilter(name)}>${label}</button>`,
        )}
      </div>
    </div>
    ${shown.map(
      ({ key, title, kind, group, rows }) => html`
        <section key=${key} class="card" aria-label=${title}>
          <${GroupTitle} title=${title} group=${group} models=${rows} />
          <ul class="model-list">
            ${rows.map((row) =>
              kind === "local"
                ? html`<${LocalModel} key=${row.id} model=${row.model} status=${row.status} sentence=${waiting.get(row.id)} load=${loads.get(row.id)} />`
                : html`<${RemoteModel} key=${row.id} record=${row} kind=${kind} />`,
            )}
          </ul>
        </section>`,
    )}
    ${!shown.length && html`<p class="card empty">${picture.models.length || sections.length ? "Nothing matches." : html`No models yet: <a href="#/config">put your own into the configuration</a>.`}</p>`}`;
}

/** Groups in the order of the configuration, then models of no group, selectors, and one section per peer. */
function sectionsOf({ models, groups }, status, listed) {
  const local = models.map((model) => ({ id: model.id, name: model.name, model, status: status.get(model.id) }));
  const byId = new Map(local.map((row) => [row.id, row]));
  const sections = [];
  for (const group of groups) {
    const rows = group.members.map((id) => byId.get(id)).filter(Boolean);
    rows.forEach((row) => byId.delete(row.id));
    sections.push({ key: `group ${group.id}`, kind: "local", title: group.id.startsWith("(") ? "Models" : group.id, group, rows });
  }
  sections.push({ key: "local", kind: "local", title: groups.length ? "Other models" : "Models", rows: [...byId.values()] });
  const selectors = listed.filter((record) => record.meta?.llamaswap?.type === "selector");
  sections.push({ key: "selectors", kind: "selectors", title: "Selectors", rows: selectors.map((record) => ({ ...record.meta.llamaswap, ...record })) });
  const peers = new Map();
  for (const model of status.values()) {
    if (model.peerID) peers.set(model.peerID, [...(peers.get(model.peerID) ?? []), model]);
  }
  for (const [peer, rows] of peers) sections.push({ key: `peer ${peer}`, kind: "peers", title: `Peer ${peer}`, rows });
  return sections.filter(({ rows }) => rows.length);
}

function isMeant(row, words) {
  if (!words.length) return true;
  const text = [row.id, row.name, row.description, row.status?.description, ...(row.status?.aliases ?? [])].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

/** The first sentence of each model, which is that of whoever waits longest. */
function sentencesByModel(waiting) {
  const sentences = new Map();
  for (const { model, sentence } of waiting) if (!sentences.has(model)) sentences.set(model, sentence);
  return sentences;
}

function ProfileChoice({ active }) {
  const profiles = useStore((state) => state.profiles);
  if (!profiles.length) return null;
  const choose = ({ target }) => attempt(() => put("/api/profiles/active", { name: target.value || null }));
  return html`
    <label class="check"><span class="hint">Profile</span>
      <select value=${active ?? ""} onChange=${choose}>
        <option value="">none</option>
        ${profiles.map(({ id, description }) => html`<option key=${id} value=${id} title=${description}>${id}</option>`)}
      </select>
    </label>`;
}

function PauseButton() {
  const pause = ({ target }) => {
    const seconds = target.value === "" ? undefined : target.value === "null" ? null : Number(target.value);
    target.value = "";
    if (seconds !== undefined) attempt(() => command("pause", { seconds }));
  };
  return html`
    <label><span class="visually-hidden">Pause</span>
      <select onChange=${pause} value="">
        <option value="">Pause…</option>
        <option value="1800">for 30 minutes</option>
        <option value="3600">for an hour</option>
        <option value="14400">for 4 hours</option>
        <option value="null">until I resume</option>
      </select>
    </label>`;
}
