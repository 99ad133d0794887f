// Tries models out: one tab for each thing that models do.

import { html, useMemo } from "../html.js";
import { choicesOf } from "../models.js";
import { go, hrefOf } from "../route.js";
import { state, useStore } from "../store.js";
import { canDo, saysItCan } from "./playground/abilities.js";
import { Chat } from "./playground/chat.js";
import { Completion } from "./playground/completion.js";
import { Embeddings } from "./playground/embeddings.js";
import { Images } from "./playground/images.js";
import { LoadTest } from "./playground/load_test.js";
import { Rerank } from "./playground/rerank.js";
import { Speech } from "./playground/speech.js";
import { Transcription } from "./playground/transcription.js";

const TABS = {
  chat: ["Chat", Chat],
  completion: ["Completion", Completion],
  embeddings: ["Embeddings", Embeddings],
  rerank: ["Rerank", Rerank],
  speech: ["Speech", Speech],
  transcription: ["Transcription", Transcription],
  images: ["Images", Images],
  load: ["Load test", LoadTest],
};

export function Page({ rest, query }) {
  const tab = TABS[rest] ? rest : "chat";
  const [, Tab] = TABS[tab];
  const isThere = useStore((state) => state.picture !== null);
  const models = useOffered(tab);
  const wished = query.get("model") ?? localStorage.getItem("playground-model");
  const model = (models.find(({ id }) => id === wished) ?? bestOf(models))?.id ?? "";
  const choose = ({ target: { value } }) => {
    localStorage.setItem("playground-model", value);
    go("playground", tab, { model: value });
  };
  return html`
    <div class="playground">
      <div class="page-title">
        <h1>Playground</h1>
        <label class="check"><span class="hint">Model</span>
          <select name="model" value=${model} onChange=${choose}>
            ${["Models", "Selectors", "Peers"].map((kind) => {
              const offered = models.filter((each) => each.kind === kind);
              return offered.length > 0 && html`<optgroup key=${kind} label=${kind}>${offered.map(({ id, name }) => html`<option key=${id} value=${id}>${name}</option>`)}</optgroup>`;
            })}
          </select>
        </label>
      </div>
      <nav class="tabs" aria-label="What to try">
        ${Object.entries(TABS).map(([name, [title]]) => html`<a key=${name} href=${hrefOf("playground", name, { model: query.get("model") })} aria-current=${name === tab ? "page" : undefined}>${title}</a>`)}
      </nav>
      ${model ? html`<${Tab} key=${tab} model=${model} />` : html`<p class="card empty">${isThere ? "No model can do this." : "Connecting…"}</p>`}
    </div>`;
}

/** What is tried where nothing was chosen: a model that is known to be able, and rather one that is loaded. */
function bestOf(models) {
  const sure = models.filter(({ isSure }) => isSure);
  const candidates = sure.length ? sure : models;
  return candidates.find(({ id }) => isReady(id)) ?? candidates[0];
}

const isReady = (id) => state.picture?.models.some((model) => model.id === id && model.state === "ready");

function useOffered(tab) {
  const picture = useStore((state) => state.picture);
  const status = useStore((state) => state.status);
  const listed = useStore((state) => state.listed);
  return useMemo(() => {
    const records = new Map(listed.map((record) => [record.id, record]));
    const able = choicesOf({ picture, status, listed }).filter(({ id }) => canDo(tab, records.get(id)));
    return able.map((each) => ({ ...each, isSure: saysItCan(tab, records.get(each.id)) }));
  }, [picture?.models, status, listed, tab]);
}
