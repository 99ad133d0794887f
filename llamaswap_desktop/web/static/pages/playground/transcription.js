// Speech that is written down.

import { eventsOf } from "../../api.js";
import { Copy } from "../../components/copy.js";
import { html, useState } from "../../html.js";
import { requestModel } from "./session.js";
import { TaskButton, useTask } from "./task.js";

export function Transcription({ model }) {
  const [file, setFile] = useState(null);
  const [language, setLanguage] = useState("");
  const task = useTask();
  const run = () => task.run(async (signal, show) => {
    const form = new FormData();
    form.append("model", model);
    if (language) form.append("language", language);
    form.append("stream", "true"); // servers that cannot do so answer as a whole
    form.append("file", file);
    const answer = await requestModel("/v1/audio/transcriptions", form, signal);
    return answer.headers.get("Content-Type")?.includes("event-stream") ? heard(answer, show) : textIn(await answer.text());
  });
  return html`
    <section class="card stack" aria-label="Transcription">
      <label class="field">Recording<input type="file" accept="audio/*,video/*" onChange=${({ target }) => setFile(target.files[0] ?? null)} /></label>
      <label class="field short">Language<input placeholder="found by itself" value=${language} onInput=${({ target }) => setLanguage(target.value)} /></label>
      <${TaskButton} task=${task} label="Write down" disabled=${!file} onRun=${run} />
      ${task.result !== null && html`<div class="card-title"><h2>Text</h2><${Copy} text=${task.result} /></div><pre class="code" tabindex="0">${task.result}</pre>`}
    </section>`;
}

/** Shows a streamed text as it grows; the events are OpenAI's, or those of a chat. */
async function heard(answer, show) {
  let text = "";
  for await (const data of eventsOf(answer)) {
    if (data === "[DONE]") break;
    const event = JSON.parse(data);
    if (event.error) throw new Error(event.error.message ?? event.error);
    text = event.type === "transcript.text.done" ? event.text : text + (event.delta ?? event.choices?.[0]?.delta?.content ?? "");
    show(text);
  }
  return text;
}

function textIn(answer) {
  try {
    return JSON.parse(answer).text ?? answer;
  } catch {
    return answer;
  }
}
