// One line per model.

import { Countdown } from "../../components/countdown.js";
import { Icon } from "../../components/icon.js";
import { duration } from "../../format.js";
import { html, memo } from "../../html.js";
import { factsOf, isLoading, load, moodOf, setPinned, unload } from "../../models.js";
import { hrefOf } from "../../route.js";

export const LocalModel = memo(({ model, status, sentence, load: loading }) => {
  const { id, name } = model;
  const isPinned = model.is_pinned;
  return html`
    <li data-model=${id}>
      <span class=${`light ${moodOf(model)}`} aria-hidden="true"></span>
      <div class="about">
        <a class="name" href=${hrefOf("models", id)}>${name}</a>
        <p class="facts">
          ${factsOf(model).map((fact) => html`<span key=${fact}>${fact}</span>`)}
          ${model.unloads_at_ms !== null && html`<span>unloads in <${Countdown} until_ms=${model.unloads_at_ms} /></span>`}
          ${name !== id && html`<code>${id}</code>`}
          ${status?.aliases?.length > 0 && html`<span>also ${status.aliases.join(", ")}</span>`}
          ${model.unlisted && html`<span class="tag">unlisted</span>`}
        </p>
        ${isLoading(model) && html`<p class="sentence">${sentence ?? progressOf(loading)}</p>`}
        ${!isLoading(model) && model.state !== "ready" && model.problem && html`<p class="error-text"><small>${model.problem} <a href=${hrefOf("logs", id)}>Log</a></small></p>`}
      </div>
      <button type="button" class="quiet icon-only" aria-pressed=${isPinned ? "true" : "false"} aria-label=${`Keep ${name} loaded`} title="Pinned models are neither evicted nor unloaded for idleness" onClick=${() => setPinned(id, !isPinned)}><${Icon} name="pin" /></button>
      <${Verb} model=${model} />
    </li>`;
});

function Verb({ model }) {
  const [label, act, kind] = model.state === "ready" || model.state === "stopping"
    ? ["Unload", unload, ""]
    : isLoading(model) ? ["Cancel", unload, ""] : ["Load", load, "soft"];
  return html`<button type="button" class=${`verb ${kind}`} aria-label=${`${label} ${model.name}`} disabled=${model.state === "stopping" && !model.is_stuck} onClick=${() => act(model.id)}>${label}</button>`;
}

function progressOf(loading) {
  if (!loading) return "";
  if (loading.loading_s === null) return `waits until ${loading.leaving.join(", ")} is gone`;
  const usual = loading.usual_s === null ? "" : `, usually ${duration(loading.usual_s)}`;
  return `for ${duration(loading.loading_s)}${usual}`;
}

export const RemoteModel = memo(({ record, kind }) => html`
  <li data-model=${record.id}>
    <span class=${`light ${kind === "peers" ? "peer" : "selector"}`} aria-hidden="true"></span>
    <div class="about">
      <a class="name" href=${hrefOf("models", record.id)}>${record.name || record.id}</a>
      <p class="facts">
        ${record.name && record.name !== record.id && html`<code>${record.id}</code>`}
        ${record.strategy && html`<span>${record.strategy} among ${record.targets?.join(", ")}</span>`}
        ${record.description && html`<span>${record.description}</span>`}
      </p>
    </div>
    <a class="button" href=${hrefOf("playground", "chat", { model: record.id })} aria-label=${`Try ${record.name || record.id}`}>Try</a>
  </li>`);
