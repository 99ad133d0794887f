// The form of one model: what most people need of it, as fields; all the rest stays in the text beside it.

import { html, useState } from "../../html.js";
import { valuesOf, withModel, withValue } from "./yaml_models.js";

const FIELDS = {
  name: ["Name to show", "Qwen3 8B"],
  cmd: ["Command that starts its server", "llama-server --port ${PORT} -m /models/qwen3-8b.gguf"],
  description: ["Description", ""],
  aliases: ["Other names, with commas", "gpt-4o, default"],
  ttl: ["Unload after so many seconds without a request", "never"],
};
const NAMES = Object.keys(FIELDS);
const NO_VALUES = Object.fromEntries(NAMES.map((name) => [name, ""]));

/** A model of the text: each change is a change of the text. */
export function ModelForm({ text, model, onText }) {
  const values = valuesOf(text, model, NAMES);
  return html`
    <div class="model-form">
      ${NAMES.map((name) => html`<${Field} key=${name} name=${name} value=${values[name]} onChange=${(value) => onText(withValue(text, model, name, value))} />`)}
    </div>`;
}

function Field({ name, value, onChange }) {
  const [label, placeholder] = FIELDS[name];
  if (value === null) return html`<p class="hint">${label}: <em>to be changed in the text</em></p>`;
  const given = { name, placeholder, value: value ?? "", onChange: ({ target }) => onChange(target.value.trim()) };
  return html`<label class="field">${label}${name === "cmd" ? html`<textarea class="code" rows="4" ...${given}></textarea>` : html`<input inputmode=${name === "ttl" ? "numeric" : undefined} ...${given} />`}</label>`;
}

/** A new model; `onText` gets the text with it. */
export function AddModel({ text, onText, onClose, known }) {
  const [id, setId] = useState("");
  const [values, setValues] = useState({ ...NO_VALUES, cmd: "llama-server --port ${PORT} -m /path/to/model.gguf", ttl: "600" });
  const isTaken = known.some((model) => model.id === id.trim());
  const submit = (event) => {
    event.preventDefault();
    const given = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.trim()]));
    onText(withModel(text, id.trim(), given));
    onClose();
  };
  const set = (name) => ({ target }) => setValues({ ...values, [name]: target.value });
  return html`
    <form class="model-form" onSubmit=${submit}>
      <label class="field">Name that programs ask for<input name="id" required autofocus value=${id} placeholder="qwen" onInput=${({ target }) => setId(target.value)} /></label>
      ${isTaken && html`<p class="error-text" role="alert">There is a model of this name already.</p>`}
      ${NAMES.map((name) => {
        const [label, placeholder] = FIELDS[name];
        const given = { name, placeholder, value: values[name], onInput: set(name) };
        return html`<label key=${name} class="field">${label}${name === "cmd" ? html`<textarea class="code" rows="4" required ...${given}></textarea>` : html`<input ...${given} />`}</label>`;
      })}
      <p class="hint"><code>${"${PORT}"}</code> becomes a free port. Any server that speaks the OpenAI or Anthropic API will do.</p>
      <div class="dialog-end"><button type="button" onClick=${onClose}>Cancel</button><button type="submit" class="primary" disabled=${!id.trim() || isTaken}>Put it into the text</button></div>
    </form>`;
}
