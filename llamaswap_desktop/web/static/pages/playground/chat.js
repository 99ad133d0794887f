// A conversation with a model.

import { Json, pretty } from "../../components/code.js";
import { Copy } from "../../components/copy.js";
import { Icon } from "../../components/icon.js";
import { Markdown } from "../../components/markdown.js";
import { duration, speed } from "../../format.js";
import { html, memo, useEffect, useLayoutEffect, useRef, useState } from "../../html.js";
import { isLoading, wordFor } from "../../models.js";
import { say, useStore } from "../../store.js";
import { canSee } from "./abilities.js";
import { clear, isRunning, regenerate, send, setSetting, stop, useConversation } from "./conversation.js";

const LARGEST_IMAGE_BYTES = 20 * 2 ** 20;
const SETTINGS = { temperature: ["Temperature", 0.1], top_p: ["Top p", 0.05], max_tokens: ["Most tokens", 1], seed: ["Seed", 1] };

export function Chat({ model }) {
  const { turns, settings } = useConversation();
  const [isOpen, setIsOpen] = useState(false);
  const running = isRunning();
  return html`
    <section class="chat" aria-label="Chat">
      <${Turns} turns=${turns} model=${model} running=${running} />
      ${isOpen && html`<${Settings} settings=${settings} />`}
      <${Writer} model=${model} running=${running} hasTurns=${turns.length > 0} isOpen=${isOpen} onOpen=${() => setIsOpen(!isOpen)} />
    </section>`;
}

function Turns({ turns, model, running }) {
  const box = useRef();
  const isAtEnd = useRef(true);
  useLayoutEffect(() => {
    if (isAtEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [turns]);
  const onScroll = () => {
    const { scrollTop, clientHeight, scrollHeight } = box.current;
    isAtEnd.current = scrollTop + clientHeight > scrollHeight - 40;
  };
  return html`
    <div class="turns" ref=${box} onScroll=${onScroll} tabindex="0" role="log" aria-label="Conversation">
      ${!turns.length && html`<p class="empty">Ask something. The model is loaded if it is not there yet.</p>`}
      ${turns.map((turn, position) => html`<${Turn} key=${position} turn=${turn} isLast=${position === turns.length - 1} onAgain=${regenerateWith(model)} />`)}
      ${running && html`<${Waiting} turn=${turns.at(-1)} />`}
    </div>`;
}

const again = new Map();

/** The same function for the same model, so that turns that have not changed are not drawn again. */
function regenerateWith(model) {
  if (!again.has(model)) again.set(model, () => regenerate(model));
  return again.get(model);
}

const Turn = memo(({ turn, isLast, onAgain }) => (turn.role === "user"
  ? html`<article class="turn user" aria-label="You"><p>${turn.text}</p>${turn.images?.map((url, position) => html`<img key=${position} src=${url} alt="Attached image" />`)}</article>`
  : html`
    <article class="turn assistant" aria-label=${turn.model}>
      <h3>${turn.model}</h3>
      ${turn.reasoning && html`<details class="reasoning" open=${!turn.text}><summary>Reasoning</summary><${Markdown} text=${turn.reasoning} /></details>`}
      ${turn.text && html`<${Markdown} text=${turn.text} />`}
      ${turn.tools.map((tool, position) => html`<div key=${position} class="tool"><h4>Wants to call <code>${tool.name}</code></h4><${Json} text=${pretty(tool.arguments)} label="Arguments" /></div>`)}
      ${turn.error && html`<p class="error-text" role="alert">${turn.error}</p>`}
      ${!turn.isRunning && html`
        <div class="turn-end">
          <span class="hint">${figuresIn(turn.figures)}</span>
          ${turn.text && html`<${Copy} text=${turn.text} label="Copy the answer" quiet />`}
          ${isLast && html`<button type="button" class="quiet icon-only" aria-label="Answer again" title="Answer again" onClick=${onAgain}><${Icon} name="again" /></button>`}
        </div>`}
    </article>`));

function figuresIn({ written, perSecond, firstS, tookS }) {
  return [
    written && `${written} tokens`,
    perSecond > 0 && `${speed(perSecond)} tokens/s`,
    firstS !== null && `first after ${duration(firstS)}`,
    `${duration(tookS)} in all`,
  ].filter(Boolean).join(" · ");
}

/** While nothing has arrived yet: what the model is doing. */
function Waiting({ turn }) {
  const model = useStore((state) => state.picture?.models.find(({ id }) => id === turn.model));
  const sentence = useStore((state) => state.picture?.waiting.find((each) => each.model === turn.model)?.sentence);
  if (turn.text || turn.reasoning) return null;
  const words = sentence ?? (model && (isLoading(model) || model.state === "stopping") ? wordFor(model) : "Thinking…");
  return html`<p class="hint waiting"><span class="light loading" aria-hidden="true"></span> ${words}</p>`;
}

function Settings({ settings }) {
  const input = (name) => ({ target }) => setSetting(name, target.value);
  return html`
    <div class="card chat-settings">
      <label class="field wide">System prompt<textarea rows="2" value=${settings.system} onInput=${input("system")}></textarea></label>
      ${Object.entries(SETTINGS).map(([name, [label, step]]) => html`
        <label key=${name} class="field">${label}<input type="number" min="0" step=${step} placeholder="as the server has it" value=${settings[name]} onInput=${input(name)} /></label>`)}
    </div>`;
}

function Writer({ model, running, hasTurns, isOpen, onOpen }) {
  const [text, setText] = useState("");
  const [images, setImages] = useState([]);
  const sees = useStore((state) => canSee(state.listed.find(({ id }) => id === model)));
  const field = useRef();
  useEffect(() => field.current.focus({ preventScroll: true }), []);
  const submit = () => {
    if (running || (!text.trim() && !images.length)) return;
    send(model, text, images);
    setText("");
    setImages([]);
  };
  const onKeyDown = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    }
  };
  const attach = async (files) => {
    for (const file of files) {
      if (!file.type.startsWith("image/")) continue;
      if (file.size > LARGEST_IMAGE_BYTES) say(`${file.name} is larger than 20 MiB.`, "error");
      else {
        const url = await dataUrl(file);
        setImages((before) => [...before, url]);
      }
    }
  };
  const onPaste = (event) => sees && attach(event.clipboardData.files);
  return html`
    <div class="writer card">
      ${images.length > 0 && html`<div class="attached">${images.map((url, position) => html`<button key=${position} type="button" aria-label="Remove this image" onClick=${() => setImages(images.filter((_, each) => each !== position))}><img src=${url} alt="" /></button>`)}</div>`}
      <textarea ref=${field} rows="2" aria-label="Your message" placeholder="Your message; Shift+Enter for a new line" value=${text} onInput=${({ target }) => setText(target.value)} onKeyDown=${onKeyDown} onPaste=${onPaste}></textarea>
      <div class="actions">
        <button type="button" class="quiet" aria-expanded=${isOpen ? "true" : "false"} onClick=${onOpen}><${Icon} name="sliders" /><span>Settings</span></button>
        ${sees && html`<label class="button quiet"><${Icon} name="image" /><span>Image</span><input class="visually-hidden" type="file" accept="image/*" multiple onChange=${({ target }) => { attach(target.files); target.value = ""; }} /></label>`}
        ${hasTurns && html`<button type="button" class="quiet" onClick=${clear}><${Icon} name="trash" /><span>Clear</span></button>`}
        <span class="grow"></span>
        ${running
          ? html`<button type="button" onClick=${stop}><${Icon} name="stop" /><span>Stop</span></button>`
          : html`<button type="button" class="primary" disabled=${!text.trim() && !images.length} onClick=${submit}><${Icon} name="send" /><span>Send</span></button>`}
      </div>
    </div>`;
}

function dataUrl(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(file);
  });
}
