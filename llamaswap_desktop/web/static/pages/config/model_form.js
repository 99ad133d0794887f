// The form of one model, made from the schema: every key that there is, those that most people need first.

import { html, useState } from "../../html.js";
import { Field } from "./fields.js";

const FIRST = ["cmd", "name", "description", "aliases", "ttl", "concurrencyLimit", "unlisted", "env"];
const NEW = { cmd: "llama-server --port ${PORT} -m /path/to/model.gguf", ttl: 600 };
const NEW_KEYS = ["cmd", "name", "description", "aliases", "ttl"];

/** A model of the text; `onEdit(path, value)` changes the text. */
export function ModelForm({ model, schema, onEdit }) {
  const values = model.values !== null && typeof model.values === "object" ? model.values : {};
  const rest = Object.keys(schema).filter((name) => !FIRST.includes(name) && name !== "healthCheckTimeout");
  const field = (name) => html`<${Field} key=${name} name=${name} schema=${schema[name]} value=${values[name]} onChange=${(path, value) => onEdit(["models", model.id, name, ...path], value)} />`;
  const [used] = useState(() => rest.filter((name) => values[name] !== undefined)); // what is set stays where it is being set
  return html`
    <div class="model-form keys">
      ${[...FIRST, ...used].map(field)}
      <details class="more">
        <summary>All other keys</summary>
        <div class="keys">${rest.filter((name) => !used.includes(name)).map(field)}</div>
      </details>
      <button type="button" onClick=${() => onEdit(["models", model.id], undefined)}>Take it out of the text</button>
    </div>`;
}

/** A new model; `onEdit` gets the text with it. */
export function AddModel({ schema, known, onEdit, onClose }) {
  const [id, setId] = useState("");
  const [values, setValues] = useState(NEW);
  const isTaken = known.some((model) => model.id === id.trim());
  const change = (name) => (path, value) => setValues((before) => ({ ...before, [name]: path.length ? withItem(before[name], path[0], value) : value }));
  const submit = async (event) => {
    event.preventDefault();
    const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
    if (await onEdit(["models", id.trim()], given)) onClose();
  };
  return html`
    <form class="model-form keys" onSubmit=${submit}>
      <div class="key">
        <label for="new-id">Name that programs ask for</label>
        <input id="new-id" name="id" required autofocus autocomplete="off" spellcheck=${false} value=${id} placeholder="qwen" onInput=${({ target }) => setId(target.value)} />
      </div>
      ${isTaken && html`<p class="error-text" role="alert">There is a model of this name already.</p>`}
      ${NEW_KEYS.map((name) => html`<${Field} key=${name} name=${name} schema=${schema[name]} value=${values[name]} onChange=${change(name)} />`)}
      <p class="hint">Any server that speaks the OpenAI or Anthropic API will do. All other keys can be set afterwards.</p>
      <div class="dialog-end"><button type="button" onClick=${onClose}>Cancel</button><button type="submit" class="primary" disabled=${!id.trim() || isTaken}>Put it into the text</button></div>
    </form>`;
}

function withItem(list = [], position, value) {
  return value === undefined ? list.filter((_, each) => each !== position) : [...list.slice(0, position), value, ...list.slice(position + 1)];
}
