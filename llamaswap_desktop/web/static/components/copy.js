// A button that copies a text.

import { html, useState } from "../html.js";
import { say } from "../store.js";
import { Icon } from "./icon.js";

export function Copy({ text, label = "Copy", quiet = false }) {
  const [isDone, setIsDone] = useState(false);
  const copy = async () => {
    if (!(await copyText(typeof text === "function" ? text() : text))) return;
    setIsDone(true);
    setTimeout(() => setIsDone(false), 1500);
  };
  return html`
    <button type="button" class=${quiet ? "quiet icon-only" : ""} aria-label=${quiet ? label : undefined} title=${quiet ? label : undefined} onClick=${copy}>
      <${Icon} name=${isDone ? "check" : "copy"} />${quiet ? null : html`<span>${isDone ? "Copied" : label}</span>`}
    </button>`;
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyTheOldWay(text);
  }
}

/** Without TLS on another computer there is no clipboard API; what is selected can be copied all the same. */
function copyTheOldWay(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "off-screen";
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  if (!isDone) say("The browser does not allow copying here.", "error");
  return isDone;
}

/** A text in a well, with its copy button. */
export function CopyLine({ text, label = "Copy" }) {
  return html`<div class="copy-line"><code tabindex="0">${text}</code><${Copy} text=${text} label=${label} quiet /></div>`;
}
