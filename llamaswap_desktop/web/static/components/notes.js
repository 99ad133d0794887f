// Short messages at the lower edge, read out by screen readers.

import { html } from "../html.js";
import { dismiss, useStore } from "../store.js";
import { Icon } from "./icon.js";

export function Notes() {
  const notes = useStore((state) => state.notes);
  return html`
    <div class="notes" role="log" aria-live="polite" aria-label="Messages">
      ${notes.map(
        ({ id, text, kind }) => html`
          <div key=${id} class=${`note ${kind}`}>
            <span>${text}</span>
            <button type="button" class="quiet icon-only" aria-label="Dismiss" onClick=${() => dismiss(id)}><${Icon} name="close" size="16" /></button>
          </div>`,
      )}
    </div>`;
}
