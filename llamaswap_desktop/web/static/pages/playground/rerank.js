// Documents in the order in which they answer a question.

import { html, useState } from "../../html.js";
import { askModel } from "./session.js";
import { TaskButton, useTask } from "./task.js";

const EXAMPLE = "Llamas live in the Andes.\nA proxy forwards requests.\nLlamas eat grass and hay.";

export function Rerank({ model }) {
  const [question, setQuestion] = useState("What do llamas eat?");
  const [text, setText] = useState(EXAMPLE);
  const task = useTask();
  const run = () => task.run(async (signal) => {
    const documents = text.split("\n").filter((line) => line.trim());
    const { results } = await askModel("/v1/rerank", { model, query: question, documents }, signal);
    if (!results) throw new Error("The answer holds no ranking.");
    return results.map(({ index, relevance_score: score }) => ({ document: documents[index], score })).sort((one, other) => other.score - one.score);
  });
  return html`
    <section class="card stack" aria-label="Rerank">
      <label class="field">Question<input value=${question} onInput=${({ target }) => setQuestion(target.value)} /></label>
      <label class="field">Documents, one a line<textarea rows="5" value=${text} onInput=${({ target }) => setText(target.value)}></textarea></label>
      <${TaskButton} task=${task} label="Rank" disabled=${!question.trim() || !text.trim()} onRun=${run} />
      ${task.result && html`<ol class="ranks">${task.result.map(({ document, score }, position) => html`<li key=${position}><span>${position + 1}. ${document}</span><span class="hint">${score.toFixed(4)}</span></li>`)}</ol>`}
    </section>`;
}
