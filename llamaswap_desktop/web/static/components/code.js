// JSON in colours, as text: tokens become elements, never HTML.

import { html, useMemo } from "../html.js";

const MOST_COLOURED = 200_000;
const TOKENS = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;

/** Indented if it is JSON, as it is if not. */
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

export function Json({ text, label }) {
  const parts = useMemo(() => (text.length > MOST_COLOURED ? [text] : coloured(text)), [text]);
  return html`<pre class="code" tabindex="0" aria-label=${label}>${parts}</pre>`;
}

function coloured(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(TOKENS)) {
    const [token, string, colon, number] = match;
    parts.push(text.slice(end, match.index));
    const kind = colon ? "json-key" : string ? "json-string" : number ? "json-number" : "json-word";
    parts.push(html`<span class=${kind}>${token}</span>`);
    end = match.index + token.length;
  }
  parts.push(text.slice(end));
  return parts;
}
