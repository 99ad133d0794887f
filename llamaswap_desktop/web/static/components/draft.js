// A field whose text is the person's own until it is left: what is drawn meanwhile does not touch it.

import { html, useEffect, useState } from "../html.js";

/** An `<input>`, or what `as` names; `onCommit(text)` when it is left with another text.  `isCleared`: it is empty then. */
export function Draft({ as = "input", value, onCommit, isCleared = false, ...rest }) {
  const [draft, setDraft] = useState(null);
  useEffect(() => setDraft(null), [value]);
  const commit = ({ target }) => {
    onCommit(target.value);
    if (isCleared) setDraft(null);
  };
  return html`<${as} ...${rest} value=${draft ?? value} onInput=${({ target }) => setDraft(target.value)} onChange=${commit} />`;
}
