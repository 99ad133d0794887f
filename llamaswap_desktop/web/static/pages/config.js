// The configuration: its text, a form beside it, and the server's opinion while it is written.

import { ApiError, ask, command, post, put } from "../api.js";
import { Dialog } from "../components/dialog.js";
import { Icon } from "../components/icon.js";
import { YamlEditor } from "../components/yaml_editor.js";
import { counted } from "../format.js";
import { html, useEffect, useMemo, useRef, useState } from "../html.js";
import { go } from "../route.js";
import { attempt, say } from "../store.js";
import { BackupsDialog, InForceDialog, SaveDialog } from "./config/dialogs.js";
import { AddModel, ModelForm } from "./config/model_form.js";
import { modelsIn } from "./config/yaml_models.js";

const VALIDATE_AFTER_MS = 300;

export function Page({ rest }) {
  const file = useFile();
  const [text, setText] = useState(null);
  const [goTo, setGoTo] = useState(null);
  const [dialog, setDialog] = useState("");
  const isChanged = text !== null && file.loaded && text !== file.loaded.text;
  const { problems, isChecked } = useProblems(text, file.loaded);
  useEffect(() => {
    if (file.loaded) setText(file.loaded.text);
  }, [file.loaded]);
  useEffect(() => keepFromLeaving(isChanged), [isChanged]);
  if (file.error) return html`<h1>Config</h1><p class="card hint">${file.error}</p>`;
  if (text === null) return html`<h1>Config</h1><p class="hint">Loading…</p>`;

  const errors = problems.filter(({ level }) => level === "error");
  const askToSave = () => (isChanged && !errors.length ? setDialog("save") : undefined);
  const saveText = async () => {
    if (await file.save(text)) setDialog("");
  };
  const restore = async (id) => {
    if (await file.restore(id)) setDialog("");
  };
  const models = modelsIn(text);
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
        <${Outline} text=${text} models=${models} onText=${setText} onGo=${(line) => setGoTo({ line })} />
      </div>
    </div>
    ${rest === "add" && html`<${Dialog} title="Add a model" isForm onClose=${closeAdd}><${AddModel} text=${text} known=${models} onText=${setText} onClose=${closeAdd} /></${Dialog}>`}
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

/** The server's opinion of the text, a moment after it was changed; until then that of the text before, unchecked. */
function useProblems(text, loaded) {
  const [verdict, setVerdict] = useState(null);
  const asked = useRef(0);
  useEffect(() => {
    if (text === null || !loaded) return undefined;
    const mine = ++asked.current;
    const timer = setTimeout(async () => {
      try {
        const answer = await post("/api/desktop/config/validate", { text });
        if (mine === asked.current) setVerdict({ text, problems: answer.problems });
      } catch (error) {
        if (mine === asked.current) setVerdict({ text, problems: [{ level: "error", line: 0, column: 0, path: "", message: error.message }] });
      }
    }, text === loaded.text ? 0 : VALIDATE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text, loaded]);
  return { problems: verdict?.problems ?? [], isChecked: verdict?.text === text };
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
function Outline({ text, models, onText, onGo }) {
  const [chosen, setChosen] = useState("");
  const model = useMemo(() => models.find(({ id }) => id === chosen), [text, chosen]);
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
            ${each.id === model?.id && html`<${ModelForm} text=${text} model=${model} onText=${onText} />`}
          </li>`)}
      </ul>
      ${!models.length && html`<p class="hint">No models yet.</p>`}
    </section>`;
}
