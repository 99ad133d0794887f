// Fields for values of a configuration, one for each kind of value that its JSON schema knows.
//
// A value is shown as it is written, a macro as a macro.  `onChange` gets the path below the field's own and the new
// value; `undefined` takes the key away.

import { Draft } from "../../components/draft.js";
import { Icon } from "../../components/icon.js";
import { html, useId, useState } from "../../html.js";

const LONG = new Set(["cmd", "cmdStop"]);
const NUMBER = /^-?\d+(\.\d+)?$/;

/** "block", "map", "list", "switch", "choice", "number" or "text". */
function kindOf({ type, anyOf = [], properties, additionalProperties }) {
  const types = [type, ...anyOf.map((each) => each.type)].flat();
  if (properties) return "block";
  if (additionalProperties || types.includes("object")) return "map";
  if (types.includes("array")) return "list";
  if (anyOf[0]?.enum) return "choice";
  if (types.includes("string") && types.includes("boolean") && types.includes("number")) return "text";
  if (types.includes("boolean")) return "switch";
  return types.includes("number") ? "number" : "text";
}

/** `name`: the key; `schema`: what the schema says of it; `value`: what is written, undefined if nothing is. */
export function Field({ name, schema, value, onChange }) {
  switch (kindOf(schema)) {
    case "block":
      return html`<${Block} name=${name} schema=${schema} value=${value} onChange=${onChange} />`;
    case "map":
      return html`<${Map_} name=${name} schema=${schema} value=${value} onChange=${onChange} />`;
    case "list":
      return html`<${List} name=${name} schema=${schema} value=${value} onChange=${onChange} />`;
    default:
      return html`<${Simple} name=${name} schema=${schema} value=${value} onChange=${onChange} />`;
  }
}

function Simple({ name, schema, value, onChange }) {
  const kind = kindOf(schema);
  const id = useId();
  const given = {
    id, name,
    "aria-describedby": schema.description ? `${id}-note` : undefined,
    value: value === undefined || value === null ? "" : String(value),
    placeholder: schema.default === undefined ? "" : String(schema.default),
  };
  const commit = (text) => onChange([], meant(kind, text));
  return html`
    <div class="key">
      <label for=${id}><code>${name}</code></label>
      ${kind === "switch" ? html`<${Switch} given=${given} otherwise=${schema.default} onCommit=${commit} />`
        : kind === "choice" ? html`<${Choice} given=${given} choices=${schema.anyOf[0].enum} onCommit=${commit} />`
        : LONG.has(name) ? html`<${Draft} as="textarea" class="code" rows="3" spellcheck=${false} ...${given} onCommit=${commit} />`
        : html`<${Draft} inputmode=${kind === "number" ? "numeric" : undefined} autocomplete="off" spellcheck=${false} ...${given} onCommit=${commit} />`}
      ${schema.description && html`<small id=${`${id}-note`}>${schema.description}</small>`}
    </div>`;
}

/** What a text in a field of this kind stands for. */
function meant(kind, text) {
  const value = text.trim();
  if (value === "") return undefined;
  if (kind === "number" && NUMBER.test(value)) return Number(value);
  if (kind === "switch" && (value === "true" || value === "false")) return value === "true";
  return value.includes("\n") ? `${value}\n` : value;
}

function Switch({ given, otherwise, onCommit }) {
  const known = ["", "true", "false"];
  return html`
    <select ...${given} onChange=${({ target }) => onCommit(target.value)}>
      <option value="">${otherwise === undefined ? "as by default" : otherwise ? "yes, by default" : "no, by default"}</option>
      <option value="true">yes</option>
      <option value="false">no</option>
      ${!known.includes(given.value) && html`<option value=${given.value}>${given.value}</option>`}
    </select>`;
}

function Choice({ given, choices, onCommit }) {
  return html`
    <select ...${given} onChange=${({ target }) => onCommit(target.value)}>
      <option value="">as by default</option>
      ${choices.map((choice) => html`<option key=${choice} value=${choice}>${choice}</option>`)}
      ${given.value && !choices.includes(given.value) && html`<option value=${given.value}>${given.value}</option>`}
    </select>`;
}

function Block({ name, schema, value, onChange }) {
  const isSet = value !== undefined && value !== null;
  const given = isSet && typeof value === "object" ? value : {};
  const change = (key) => (path, to) => {
    const isLast = to === undefined && path.length === 0 && Object.keys(given).length === 1 && key in given;
    onChange(isLast ? [] : [key, ...path], to); // a block without a key goes with its last one
  };
  return html`
    <details class="key" open=${isSet}>
      <summary><code>${name}</code>${schema.description && html` <small>${schema.description}</small>`}</summary>
      <div class="keys">
        ${Object.entries(schema.properties).filter(([, { deprecated }]) => !deprecated).map(([key, inner]) => html`<${Field} key=${key} name=${key} schema=${inner} value=${given[key]} onChange=${change(key)} />`)}
      </div>
    </details>`;
}

/** A text as what it would be in JSON, so that 0.7 is a number and [1, 2] a list. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const shown = (value) => (typeof value === "string" && typeof parsed(value) === "string" ? value : JSON.stringify(value));

function List({ name, schema, value, onChange }) {
  const items = Array.isArray(value) ? value : [];
  const remove = (position) => onChange(items.length > 1 ? [position] : [], undefined);
  const set = (position) => (written) => {
    const text = written.trim();
    if (text !== "") onChange(items.length ? [position] : [], items.length ? text : [text]);
    else if (position < items.length) remove(position);
  };
  return html`
    <fieldset class="key">
      <legend><code>${name}</code></legend>
      ${[...items, ""].map((item, position) => html`
        <div class="row" key=${position}>
          <${Draft} isCleared=${position === items.length} aria-label=${position < items.length ? `${name}, ${position + 1}` : `${name}: another one`} placeholder=${position < items.length ? "" : "another one"} autocomplete="off" spellcheck=${false} value=${String(item ?? "")} onCommit=${set(position)} />
          ${position < items.length && html`<${Remove} label=${`${name}, ${position + 1}`} onClick=${() => remove(position)} />`}
        </div>`)}
      ${schema.description && html`<small>${schema.description}</small>`}
    </fieldset>`;
}

function Map_({ name, schema, value, onChange }) {
  const given = value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
  const names = Object.keys(given);
  const [fresh, setFresh] = useState("");
  const remove = (key) => onChange(names.length > 1 ? [key] : [], undefined);
  const set = (key) => (written) => {
    const text = written.trim();
    if (text === "") remove(key);
    else onChange([key], parsed(text));
  };
  const add = (written) => {
    const text = written.trim();
    if (!fresh.trim() || text === "") return;
    onChange([fresh.trim()], parsed(text));
    setFresh("");
  };
  return html`
    <details class="key" open=${names.length > 0}>
      <summary><code>${name}</code>${schema.description && html` <small>${schema.description}</small>`}</summary>
      <div class="keys">
        ${names.map((key) => html`
          <div class="row pair" key=${key}>
            <code>${key}</code>
            <${Draft} aria-label=${`${name}, ${key}`} autocomplete="off" spellcheck=${false} value=${shown(given[key])} onCommit=${set(key)} />
            <${Remove} label=${`${name}, ${key}`} onClick=${() => remove(key)} />
          </div>`)}
        <div class="row pair">
          <input aria-label=${`${name}: a new name`} placeholder="name" autocomplete="off" spellcheck=${false} value=${fresh} onInput=${({ target }) => setFresh(target.value)} />
          <${Draft} isCleared=${Boolean(fresh.trim())} aria-label=${`${name}: its value`} placeholder="value" autocomplete="off" spellcheck=${false} value="" onCommit=${add} />
        </div>
      </div>
    </details>`;
}

function Remove({ label, onClick }) {
  return html`<button type="button" class="quiet icon-only" aria-label=${`Remove ${label}`} onClick=${onClick}><${Icon} name="close" size="16" /></button>`;
}
