// Text that is read aloud.

import { ask } from "../../api.js";
import { save } from "../../components/save.js";
import { html, useEffect, useState } from "../../html.js";
import { requestModel } from "./session.js";
import { TaskButton, useTask } from "./task.js";

export function Speech({ model }) {
  const [text, setText] = useState("Every program talks to one address, and the right model answers.");
  const [voice, setVoice] = useState("");
  const [voices, setVoices] = useState([]);
  const task = useTask();
  const lookForVoices = () => ask(`/v1/audio/voices?${new URLSearchParams({ model })}`, { signal: AbortSignal.timeout(120_000) })
    .then((answer) => setVoices((answer.voices ?? answer.data ?? []).map((each) => each.id ?? each.name ?? each)), () => setVoices([]));
  const run = () => task.run(async (signal) => {
    const answer = await requestModel("/v1/audio/speech", { model, input: text, ...(voice && { voice }) }, signal);
    return answer.blob();
  });
  return html`
    <section class="card stack" aria-label="Speech">
      <label class="field">Text<textarea rows="4" value=${text} onInput=${({ target }) => setText(target.value)}></textarea></label>
      <div class="toolbar">
        <label class="field short">Voice<input list="voices" placeholder="the server's own" value=${voice} onInput=${({ target }) => setVoice(target.value)} /></label>
        <datalist id="voices">${voices.map((each) => html`<option key=${each} value=${each} />`)}</datalist>
        <button type="button" class="low" onClick=${lookForVoices}>Ask for voices${voices.length > 0 && ` (${voices.length})`}</button>
      </div>
      <${TaskButton} task=${task} label="Speak" disabled=${!text.trim()} onRun=${run} />
      ${task.result && html`<${Sound} blob=${task.result} />`}
    </section>`;
}

function Sound({ blob }) {
  const [address, setAddress] = useState("");
  useEffect(() => {
    const made = URL.createObjectURL(blob);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  const suffix = /mpeg|mp3/.test(blob.type) ? "mp3" : blob.type.split("/")[1]?.split(";")[0] || "wav";
  return html`<div class="actions"><audio controls src=${address}></audio><button type="button" onClick=${() => save(`speech.${suffix}`, blob)}>Save</button></div>`;
}
