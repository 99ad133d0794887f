// The configuration: its text, a form beside it, and the server's opinion while it is written.

import { ApiError, ask, command, post, put } from "../api.js";
import { Dialog } from "../components/dialog.js";
import { Icon } from "../components/icon.js";
import { YamlEditor } from "../components/yaml_editor.js";
import { counted } from "../format.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { go } from "../route.js";
import { attempt, say } from "../store.js";
import { BackupsDialog, InForceDialog, SaveDialog } from "./config/dialogs.js";
import { AddModel, ModelForm } from "./config/model_form.js";

const VALIDATE_AFTER_MS = 300;

export function Page({ rest }) {
  const file = useFile();
  const [text, setText] = useState(null);
  const [goTo, setGoTo] = useState(null);
  const [dialog, setDialog] = useState("");
  const isChanged = text !== null && file.loaded && text !== file.loaded.text;
  const { problems, models, isChecked, know } = useVerdict(text, file.loaded);
  const schema = useModelSchema(file.loaded);
  const edit = useEdits(text, (edited) => { setText(edited.text); know(edited.models); });
  useEffect(() => {
    if (file.loaded) setText(file.loaded.text);
  }, [file.loaded]);
  useEffect(() => keepFromLeaving(isChanged), [isChanged]);
  if (file.error || text === null) {
    return html`<div class="config"><div class="page-title"><h1>Config</h1></div><p class=${`hint ${file.error && "card"}`}>${file.error || "Loading…"}</p></div>`;
  }

  const errors = problems.filter(({ level }) => level === "error");
  const askToSave = () => (isChanged && !errors.length ? setDialog("save") : undefined);
  const saveText = async () => {
    if (await file.save(text)) setDialog("");
  };
  const restore = async (id) => {
    if (await file.restore(id)) setDialog("");
  };
  const closeAdd = () => go("config");
  return html`
    <div class="config">
      <div class="page-title">
        <div><h1>Config</h1><p class="hint path"><code>${file.loaded.path}</code>${isChanged && html` <span class="tag warn">not saved</span>`}</p></div>
        <div class="actions">
          <button type="button" onClick=${() => setDialog("backups")}>Earlier versions</button>
          <button type="button" onClick=${() => setDialog("in force")}>In force</button>
          <button type="button" onClick=${() => attempt(async () => { await command("reload"); if (!isChanged) file.fetch(); }, "The configuration was read again.")}>Reload</button>
          <button type="button" disabled=${!isChanged} onClick=${() => setText(file.loaded.text)}>Discard</button>
          <button type="button" class="primary" disabled=${!isChanged || errors.length > 0} onClick=${askToSave}>Save…</button>
        </div>
      </div>
      <div class="config-body">
        <div class="editor-side">
          <${YamlEditor} text=${text} problems=${problems} goTo=${goTo} onInput=${setText} onSave=${askToSave} />
          <${Problems} problems=${problems} isChecked=${isChecked} onGo=${(line) => setGoTo({ line })} />
        </div>
        <${Outline} models=${models} schema=${schema} onEdit=${edit} onGo=${(line) => setGoTo({ line, isOnlyShown: true })} />
      </div>
    </div>
    ${rest === "add" && schema && html`<${Dialog} title="Add a model" isForm onClose=${closeAdd}><${AddModel} schema=${schema} known=${models} onEdit=${edit} onClose=${closeAdd} /></${Dialog}>`}
    ${dialog === "save" && html`<${SaveDialog} text=${text} onSave=${saveText} onClose=${() => setDialog("")} />`}
    ${dialog === "backups" && html`<${BackupsDialog} onRestore=${restore} onClose=${() => setDialog("")} />`}
    ${dialog === "in force" && html`<${InForceDialog} onClose=${() => setDialog("")} />`}`;
}

/** The file on the server: { loaded: { path, text, hash, problems }, error, fetch, save, restore }. */
function useFile() {
  const [loaded, setLoaded] = useState(null);
  const [error, setError] = useState("");
  const fetch = async () => {
    try {
      setLoaded(await ask("/api/desktop/config"));
    } catch (problem) {
      const isNone = problem instanceof ApiError && problem.status === 404;
      setError(isNone ? "The configuration is a folder of files here, which are to be edited with an editor." : problem.message);
    }
  };
  useEffect(() => {
    fetch();
  }, []);
  const change = (action) => attempt(async () => {
    try {
      const { problems } = await action();
      say(problems.length ? `Saved, with ${counted(problems.length, "warning")}.` : "Saved.");
    } catch (problem) {
      if (problem.status === 409) throw new ApiError("The file has changed meanwhile: copy your text, and load this page anew.", 409);
      throw problem;
    }
    await fetch();
    return true;
  });
  return {
    loaded, error, fetch,
    save: (text) => change(() => put("/api/desktop/config", { text, hash: loaded.hash })),
    restore: (id) => change(() => post(`/api/desktop/config/backups/${encodeURIComponent(id)}/restore`, { hash: loaded.hash })),
  };
}

/**
 * What the server says of the text, a moment after it was changed: problems, and the models that stand in it.  Until then
 * it is what it said of the text before, unchecked; the models stay while the text is no YAML.  `know(models)`: take them
 * from elsewhere.
 */
function useVerdict(text, loaded) {
  const [verdict, setVerdict] = useState({ text: null, problems: [], models: [] });
  const asked = useRef(0);
  useEffect(() => {
    if (text === null || !loaded) return undefined;
    const mine = ++asked.current;
    const timer = setTimeout(async () => {
      const [checked, read] = await Promise.allSettled([post("/api/desktop/config/validate", { text }), post("/api/desktop/config/models", { text })]);
      if (mine !== asked.current) return;
      const problems = checked.value?.problems ?? [{ level: "error", line: 0, column: 0, path: "", message: checked.reason.message }];
      setVerdict((before) => ({ text, problems, models: read.value?.models ?? before.models }));
    }, text === loaded.text ? 0 : VALIDATE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text, loaded]);
  const know = (models) => setVerdict((before) => ({ ...before, models }));
  return { ...verdict, isChecked: verdict.text === text, know };
}

/** What the schema says of each key of a model; null before it is there. */
function useModelSchema(loaded) {
  const [schema, setSchema] = useState(null);
  useEffect(() => {
    if (!loaded || schema) return;
    attempt(async () => {
      const { properties } = await ask("/api/desktop/config/schema");
      setSchema(properties.models.additionalProperties.properties);
    });
  }, [loaded]);
  return schema;
}

/** (path, value) → whether the server could change that in the text; one after the other, each on what the last one left. */
function useEdits(text, take) {
  const latest = useRef(text);
  const last = useRef(Promise.resolve());
  latest.current = text;
  return (path, value) => {
    const edit = () => attempt(async () => {
      const edited = await post("/api/desktop/config/edit", { text: latest.current, path, value });
      latest.current = edited.text;
      take(edited);
      return true;
    });
    last.current = last.current.then(edit);
    return last.current;
  };
}

function keepFromLeaving(isChanged) {
  if (!isChanged) return undefined;
  const ask_ = (event) => event.preventDefault();
  addEventListener("beforeunload", ask_);
  return () => removeEventListener("beforeunload", ask_);
}

function Problems({ problems, isChecked, onGo }) {
  const words = problems.length ? counted(problems.length, "problem") : "Nothing to complain about";
  return html`
    <section class="problems" aria-label="Problems">
      <p class="hint" role="status">${isChecked ? words : "Checking…"}</p>
      <ul>
        ${problems.map((problem) => html`
          <li key=${`${problem.line} ${problem.message}`} class=${problem.level}>
            <button type="button" class="quiet" disabled=${!problem.line} onClick=${() => onGo(problem.line)}>
              <span class=${`tag ${problem.level === "error" ? "bad" : "warn"}`}>${problem.level}${problem.line > 0 && ` in line ${problem.line}`}</span>
              <span>${problem.path && html`<code>${problem.path}</code>: `}${problem.message}</span>
            </button>
          </li>`)}
      </ul>
    </section>`;
}

/** The models of the text; the chosen one has its form open. */
function Outline({ models, schema, onEdit, onGo }) {
  const [chosen, setChosen] = useState("");
  const choose = (each) => {
    setChosen(each.id === chosen ? "" : each.id);
    onGo(each.line);
  };
  return html`
    <section class="outline card" aria-label="Models of this text">
      <div class="card-title"><h2>Models</h2><a class="button" href="#/config/add"><${Icon} name="plus" /><span>Add</span></a></div>
      <ul>
        ${models.map((each) => html`
          <li key=${each.id}>
            <button type="button" class="quiet" aria-expanded=${each.id === chosen ? "true" : "false"} onClick=${() => choose(each)}><${Icon} name=${each.id === chosen ? "down" : "more"} size="16" /><span>${each.id}</span></button>
            ${each.id === chosen && schema && html`<${ModelForm} model=${each} schema=${schema} onEdit=${onEdit} />`}
          </li>`)}
      </ul>
      ${!models.length && html`<p class="hint">No models yet.</p>`}
    </section>`;
}
