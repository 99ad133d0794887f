// Pictures from words.

import { html, useState } from "../../html.js";
import { askModel } from "./session.js";
import { TaskButton, useTask } from "./task.js";

const SIZES = ["512x512", "768x768", "1024x1024", "1024x1536", "1536x1024"];

export function Images({ model }) {
  const [prompt, setPrompt] = useState("A llama stepping in front of another, flat colours");
  const [size, setSize] = useState("512x512");
  const [source, setSource] = useState(null);
  const task = useTask();
  const run = () => task.run(async (signal) => {
    const wish = { model, prompt, size, n: 1, response_format: "b64_json" };
    const { data } = source ? await askModel("/v1/images/edits", formOf({ ...wish, image: source }), signal) : await askModel("/v1/images/generations", wish, signal);
    if (!data?.length) throw new Error("The answer holds no picture.");
    return data;
  });
  return html`
    <section class="card stack" aria-label="Images">
      <label class="field">What is to be seen<textarea rows="3" value=${prompt} onInput=${({ target }) => setPrompt(target.value)}></textarea></label>
      <div class="toolbar">
        <label class="field short">Size<select value=${size} onChange=${({ target }) => setSize(target.value)}>${SIZES.map((each) => html`<option key=${each}>${each}</option>`)}</select></label>
        <label class="field">Made out of this picture, if the model can<input type="file" accept="image/*" onChange=${({ target }) => setSource(target.files[0] ?? null)} /></label>
      </div>
      <${TaskButton} task=${task} label="Draw" disabled=${!prompt.trim()} onRun=${run} />
      <div class="drawn">${task.result?.map((image, position) => html`<${Drawn} key=${position} image=${image} prompt=${prompt} />`)}</div>
    </section>`;
}

function formOf(values) {
  const form = new FormData();
  for (const [name, value] of Object.entries(values)) form.append(name, value);
  return form;
}

/** A picture that lies on another machine is not fetched: nothing leaves this one. */
function Drawn({ image, prompt }) {
  if (!image.b64_json) return html`<p class="hint">The server keeps the picture elsewhere: <code>${image.url}</code></p>`;
  const address = `data:${typeOf(image.b64_json)};base64,${image.b64_json}`;
  return html`<a href=${address} download="image"><img src=${address} alt=${prompt} /></a>`;
}

const typeOf = (base64) => (base64.startsWith("/9j/") ? "image/jpeg" : base64.startsWith("UklGR") ? "image/webp" : "image/png");
