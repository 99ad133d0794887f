// Asks for the key that may command, when something needs it.

import { html, useEffect, useState } from "../html.js";
import { answerWith, onQuestion } from "../key.js";
import { Dialog } from "./dialog.js";

export function KeyQuestion() {
  const [isAsked, setIsAsked] = useState(false);
  useEffect(() => onQuestion(setIsAsked), []);
  if (!isAsked) return null;
  const submit = (event) => {
    event.preventDefault();
    answerWith(new FormData(event.target).get("key").trim());
  };
  return html`
    <${Dialog} title="An admin key is needed" isForm onClose=${() => answerWith("")}>
      <form class="stack" onSubmit=${submit}>
        <label class="field"><span>One of <code>desktop.adminKeys</code> in the configuration</span>
          <input name="key" type="password" required autofocus autocomplete="off" />
          <small>It is kept until you close this tab.</small>
        </label>
        <div class="dialog-end"><button type="button" onClick=${() => answerWith("")}>Not now</button><button type="submit" class="primary">Use it</button></div>
      </form>
    </${Dialog}>`;
}
