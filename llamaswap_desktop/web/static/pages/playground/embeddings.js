// Texts as vectors, and how near to each other they are.

import { Copy } from "../../components/copy.js";
import { html, useState } from "../../html.js";
import { askModel } from "./session.js";
import { TaskButton, useTask } from "./task.js";

const EXAMPLE = "A llama eats grass.\nThe alpaca is grazing.\nInterest rates rose again.";

export function Embeddings({ model }) {
  const [text, setText] = useState(EXAMPLE);
  const task = useTask();
  const run = () => task.run(async (signal) => {
    const input = text.split("\n").filter((line) => line.trim());
    const { data } = await askModel("/v1/embeddings", { model, input }, signal);
    if (!data?.[0]?.embedding) throw new Error("The answer holds no vectors.");
    return { input, vectors: data.map(({ embedding }) => embedding) };
  });
  return html`
    <section class="card stack" aria-label="Embeddings">
      <label class="field">Texts, one a line<textarea rows="5" value=${text} onInput=${({ target }) => setText(target.value)}></textarea></label>
      <${TaskButton} task=${task} label="Embed" disabled=${!text.trim()} onRun=${run} />
      ${task.result && html`<${Likeness} ...${task.result} />`}
    </section>`;
}

function Likeness({ input, vectors }) {
  return html`
    <div class="card-title"><h2>${vectors.length} vectors of ${vectors[0]?.length ?? 0} numbers</h2><${Copy} text=${JSON.stringify(vectors)} label="Copy the vectors" /></div>
    <p class="hint">How alike each two are, from −1 to 1:</p>
    <div class="table-box" tabindex="0" role="region" aria-label="Likeness">
      <table>
        <thead><tr><td></td>${vectors.map((_, position) => html`<th key=${position} class="number" scope="col">${position + 1}</th>`)}</tr></thead>
        <tbody>${vectors.map((one, row) => html`
          <tr key=${row}><th scope="row">${row + 1}. ${input[row]}</th>${vectors.map((other, column) => html`<td key=${column} class="number">${cosine(one, other).toFixed(3)}</td>`)}</tr>`)}
        </tbody>
      </table>
    </div>`;
}

function cosine(one, other) {
  let [product, length, otherLength] = [0, 0, 0];
  for (let at = 0; at < one.length; at += 1) {
    product += one[at] * other[at];
    length += one[at] ** 2;
    otherLength += other[at] ** 2;
  }
  return length && otherLength ? product / Math.sqrt(length * otherLength) : 0;
}
