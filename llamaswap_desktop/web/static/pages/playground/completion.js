// Text that a model goes on with.

import { eventsOf } from "../../api.js";
import { Copy } from "../../components/copy.js";
import { duration } from "../../format.js";
import { html, useState } from "../../html.js";
import { add } from "../activity/reassemble.js";
import { requestModel } from "./session.js";
import { TaskButton, useTask } from "./task.js";

export function Completion({ model }) {
  const [prompt, setPrompt] = useState("Once upon a time");
  const [most, setMost] = useState("128");
  const task = useTask();
  const run = () => task.run(async (signal, show) => {
    const body = { model, prompt, stream: true, ...(most && { max_tokens: Number(most) }) };
    const whole = { text: "", reasoning: "", tools: [], error: "", rest: null };
    for await (const data of eventsOf(await requestModel("/v1/completions", body, signal))) {
      if (data === "[DONE]") break;
      add(whole, JSON.parse(data));
      show(whole.text);
    }
    if (whole.error) throw new Error(whole.error);
    return whole.text;
  });
  return html`
    <section class="card stack" aria-label="Completion">
      <label class="field">Beginning<textarea rows="5" value=${prompt} onInput=${({ target }) => setPrompt(target.value)}></textarea></label>
      <label class="field short">Most tokens<input type="number" min="1" value=${most} onInput=${({ target }) => setMost(target.value)} /></label>
      <${TaskButton} task=${task} label="Go on" disabled=${!prompt} onRun=${run} />
      ${task.result !== null && html`
        <div class="card-title"><h2>Answer</h2><div class="actions"><span class="hint">${!task.isRunning && duration(task.took_s)}</span><${Copy} text=${task.result} label="Copy the answer" quiet /></div></div>
        <pre class="code answer" tabindex="0"><span class="hint">${prompt}</span>${task.result}</pre>`}
    </section>`;
}
