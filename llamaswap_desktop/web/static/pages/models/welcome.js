// The first screen of somebody who has just installed this: what it is for, a swap to watch, and the way to own models.

import { post } from "../../api.js";
import { CopyLine } from "../../components/copy.js";
import { html, useState } from "../../html.js";
import { attempt } from "../../store.js";

const DEMO = /^demo-/;
const DISMISSED = "welcome-dismissed";

/** Only the built-in demo models are there, and nobody has put this screen away. */
export function isFirstRun({ models }) {
  return models.length > 0 && models.every(({ id }) => DEMO.test(id)) && !localStorage.getItem(DISMISSED);
}

export function Welcome({ models }) {
  const [isGone, setIsGone] = useState(false);
  if (isGone) return null;
  const dismiss = () => {
    localStorage.setItem(DISMISSED, "yes");
    setIsGone(true);
  };
  return html`
    <section class="card welcome" aria-labelledby="welcome-title">
      <div>
        <h1 id="welcome-title">Welcome</h1>
        <p>One address for all your models: whichever a program asks for is started, and the one before it makes room.</p>
      </div>
      <ol class="steps">
        <li>
          <h2>Give your programs this address</h2>
          <${CopyLine} text=${`${location.origin}/v1`} label="Copy the address" />
          <p class="hint">Any text will do as the key. The model is chosen by its name.</p>
        </li>
        <li>
          <h2>Watch a swap</h2>
          <p class="hint">Two demo models are built in. They hold no AI; they only show how one makes room for the other.</p>
          <${DemoSwap} models=${models} />
        </li>
        <li>
          <h2>Add a model of your own</h2>
          <p class="hint">A name and the command that starts its server are enough.</p>
          <div class="actions"><a class="button" href="#/config/add">Add a model</a><button type="button" class="quiet" onClick=${dismiss}>Don't show this again</button></div>
        </li>
      </ol>
    </section>`;
}

function DemoSwap({ models }) {
  const [answers, setAnswers] = useState([]);
  const [isBusy, setIsBusy] = useState(false);
  const show = async () => {
    setIsBusy(true);
    setAnswers([]);
    for (const { id, name } of models.slice(0, 2)) {
      const body = { model: id, messages: [{ role: "user", content: "Who are you?" }], max_tokens: 12 };
      const answer = await attempt(() => post("/v1/chat/completions", body));
      if (!answer) break;
      setAnswers((before) => [...before, { name, text: answer.choices[0].message.content }]);
    }
    setIsBusy(false);
  };
  return html`
    <div><button type="button" class="primary" disabled=${isBusy} onClick=${show}>${isBusy ? "Asking…" : `Ask ${models.slice(0, 2).map(({ name }) => name.replace("Demo: ", "")).join(", then ")}`}</button></div>
    <ul aria-live="polite">${answers.map(({ name, text }) => html`<li key=${name}><small><strong>${name}</strong> ${text}…</small></li>`)}</ul>`;
}
