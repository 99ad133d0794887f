// A text field for YAML: colours behind it, line numbers beside it, problems at their lines.

import { html, memo, useLayoutEffect, useMemo, useRef } from "../html.js";

const LINE_PX = 20;
const PADDING_PX = 10;
const LINE = /^(\s*(?:-\s+)*)((?:"(?:\\.|[^"\\])*"|'(?:''|[^'])*'|[^\s#:'"\-][^#:]*?|[^\s#:'"]+?)\s*:(?=\s|$))?(.*)$/;
const VALUE = /(\s#.*$|^#.*$)|("(?:\\.|[^"\\])*"|'(?:''|[^'])*')|(\$\{[^}]*\})|((?<=(?:^|[[{,:])\s*)(?:true|false|null|-?\d+(?:\.\d+)?)(?=\s*(?:$|[,\]}]|\s#)))/g;

/** `goTo`: { line } to show and select; a new object each time; `isOnlyShown`: the focus stays where it is.  `onSave`: Ctrl+S. */
export function YamlEditor({ text, problems, goTo, onInput, onSave }) {
  const field = useRef();
  const box = useRef();
  const lines = useMemo(() => text.split("\n"), [text]);
  const levels = useMemo(() => new Map(problems.toReversed().map((problem) => [problem.line, problem])), [problems]);
  useLayoutEffect(() => {
    if (!goTo?.line) return;
    const start = lines.slice(0, goTo.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
    if (!goTo.isOnlyShown) field.current.focus({ preventScroll: true });
    field.current.setSelectionRange(start, start + (lines[goTo.line - 1]?.length ?? 0));
    box.current.scrollTop = (goTo.line - 1) * LINE_PX + PADDING_PX - box.current.clientHeight / 3;
    box.current.scrollLeft = 0;
  }, [goTo]);
  const onKeyDown = (event) => {
    if (event.key === "s" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      onSave();
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      const before = field.current.value.slice(0, field.current.selectionStart);
      const line = before.slice(before.lastIndexOf("\n") + 1);
      const indent = /^\s*/.exec(line)[0] + (/:\s*[|>]?[+-]?\s*$/.test(line) ? "  " : "");
      document.execCommand("insertText", false, `\n${indent}`); // and not .value =, which would forget what can be undone
    }
  };
  return html`
    <div class="editor" ref=${box}>
      <div class="gutter" aria-hidden="true">
        ${lines.map((_, position) => {
          const problem = levels.get(position + 1);
          return html`<span key=${position} class=${problem?.level ?? ""} title=${problem?.message}>${position + 1}</span>`;
        })}
      </div>
      <div class="editor-text">
        <pre aria-hidden="true">${lines.map((line, position) => html`<${Coloured} key=${position} line=${line} />`)}</pre>
        <textarea class="code" ref=${field} aria-label="Configuration, as YAML" spellcheck=${false} autocapitalize="off" autocomplete="off" wrap="off" value=${text} onInput=${({ target }) => onInput(target.value)} onKeyDown=${onKeyDown}></textarea>
      </div>
    </div>`;
}

const Coloured = memo(({ line }) => {
  if (/^\s*#/.test(line)) return html`<div><span class="yaml-comment">${line}</span></div>`;
  const [, indent, key = "", value] = LINE.exec(line) ?? [null, "", "", line];
  return html`<div>${indent}${key && html`<span class="yaml-key">${key}</span>`}${valueParts(value)}${"\n"}</div>`;
});

function valueParts(value) {
  const parts = [];
  let end = 0;
  for (const match of value.matchAll(VALUE)) {
    const [token, comment, string, macro] = match;
    parts.push(value.slice(end, match.index));
    parts.push(html`<span class=${comment ? "yaml-comment" : string ? "json-string" : macro ? "json-word" : "json-number"}>${token}</span>`);
    end = match.index + token.length;
  }
  return [...parts, value.slice(end)];
}
