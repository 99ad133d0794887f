// Speech that is written down.

import { Copy } from "../../components/copy.js";
import { html, useState } from "../../html.js";
import { requestModel } from "./session.js";
import { TaskButton, useTask } from "./task.js";

export function Transcription({ model }) {
  const [file, setFile] = useState(null);
  const [language, setLanguage] = useState("");
  const task = useTask();
  const run = () => task.run(async (signal) => {
    const form = new FormData();
    form.append("model", model);
    if (language) form.append("language", language);
    form.append("file", file);
    const answer = await (await requestModel("/v1/audio/transcriptions", form, signal)).text();
    try {
      return JSON.parse(answer).text ?? answer;
    } catch {
      return answer;
    }
  });
  return html`
    <section class="card stack" aria-label="Transcription">
      <label class="field">Recording<input type="file" accept="audio/*,video/*" onChange=${({ target }) => setFile(target.files[0] ?? null)} /></label>
      <label class="field short">Language<input placeholder="found by itself" value=${language} onInput=${({ target }) => setLanguage(target.value)} /></label>
      <${TaskButton} task=${task} label="Write down" disabled=${!file} onRun=${run} />
      ${task.result !== null && html`<div class="card-title"><h2>Text</h2><${Copy} text=${task.result} /></div><pre class="code" tabindex="0">${task.result}</pre>`}
    </section>`;
}
