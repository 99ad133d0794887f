// Markdown as models write it, made of elements.  HTML in it stays text, pictures stay links, and links lead only to the web.

import { html, memo } from "../html.js";
import { Copy } from "./copy.js";

export const Markdown = memo(({ text }) => html`<div class="markdown">${blocksOf(text.split("\n"))}</div>`);

const FENCE = /^\s{0,3}(```+|~~~+)\s*([\w+#.-]*)/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const RULE = /^\s{0,3}([-*_])(\s*\1){2,}\s*$/;
const QUOTE = /^\s{0,3}>\s?/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

function blocksOf(lines) {
  const blocks = [];
  for (let at = 0; at < lines.length; ) {
    const [block, used] = blockAt(lines, at);
    if (block) blocks.push(block);
    at += used;
  }
  return blocks;
}

/** The block that begins at a line, and how many lines it takes. */
function blockAt(lines, at) {
  const line = lines[at];
  if (!line.trim()) return [null, 1];
  const fence = FENCE.exec(line);
  if (fence) return fenced(lines, at, fence);
  const heading = HEADING.exec(line);
  if (heading) return [html`<${`h${Math.min(6, heading[1].length + 2)}`}>${inline(heading[2])}</>`, 1];
  if (RULE.test(line)) return [html`<hr />`, 1];
  if (QUOTE.test(line)) {
    const used = countWhile(lines, at, (each) => QUOTE.test(each));
    return [html`<blockquote>${blocksOf(lines.slice(at, at + used).map((each) => each.replace(QUOTE, "")))}</blockquote>`, used];
  }
  if (ITEM.test(line)) return list(lines, at);
  if (line.includes("|") && TABLE_RULE.test(lines[at + 1] ?? "") && lines[at + 1].includes("-")) return table(lines, at);
  const used = countWhile(lines, at, (each, position) => each.trim() && (position === at || !startsBlock(each)));
  return [html`<p>${withBreaks(lines.slice(at, at + used))}</p>`, used];
}

const startsBlock = (line) => [FENCE, HEADING, RULE, QUOTE, ITEM].some((pattern) => pattern.test(line));

function countWhile(lines, at, holds) {
  let end = at;
  while (end < lines.length && holds(lines[end], end)) end += 1;
  return Math.max(1, end - at);
}

function fenced(lines, at, [, fence, language]) {
  let end = at + 1;
  while (end < lines.length && !(lines[end].trim().startsWith(fence) && !lines[end].trim().slice(fence.length).trim())) end += 1;
  const code = lines.slice(at + 1, end).join("\n");
  return [
    html`<div class="code-box"><div class="code-head"><span>${language}</span><${Copy} text=${code} label="Copy the code" quiet /></div><pre class="code" tabindex="0"><code>${code}</code></pre></div>`,
    end - at + 1,
  ];
}

function list(lines, at) {
  const [, indent, sign] = ITEM.exec(lines[at]);
  const isOrdered = /\d/.test(sign);
  const items = [];
  let end = at;
  while (end < lines.length) {
    const item = ITEM.exec(lines[end]);
    if (item && item[1].length <= indent.length + 1 && /\d/.test(item[2]) === isOrdered) items.push([item[3]]);
    else if (item && item[1].length <= indent.length) break;
    else if (!lines[end].trim() && !/^\s+\S/.test(lines[end + 1] ?? "") && !ITEM.test(lines[end + 1] ?? "")) break;
    else if (lines[end].trim() && !/^\s/.test(lines[end]) && !item && (startsBlock(lines[end]) || !lines[end - 1].trim())) break;
    else items.at(-1).push(lines[end].replace(/^\s{1,4}/, ""));
    end += 1;
  }
  const drawn = items.map((item) => html`<li>${item.length === 1 ? inline(item[0]) : itemContent(item)}</li>`);
  return [isOrdered ? html`<ol start=${Number.parseInt(sign, 10)}>${drawn}</ol>` : html`<ul>${drawn}</ul>`, end - at];
}

/** The first lines of an item are its text; what follows may be blocks of any kind. */
function itemContent(lines) {
  const used = countWhile(lines, 0, (line, position) => position === 0 || (line.trim() && !startsBlock(line)));
  return [withBreaks(lines.slice(0, used)), ...blocksOf(lines.slice(used))];
}

function table(lines, at) {
  const used = 2 + countRows(lines, at + 2);
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => inline(cell.trim().replaceAll("\\|", "|")));
  return [
    html`<div class="table-box" tabindex="0" role="region" aria-label="Table"><table>
      <thead><tr>${cells(lines[at]).map((cell) => html`<th>${cell}</th>`)}</tr></thead>
      <tbody>${lines.slice(at + 2, at + used).map((line) => html`<tr>${cells(line).map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
    </table></div>`,
    used,
  ];
}

function countRows(lines, at) {
  let end = at;
  while (end < lines.length && lines[end].includes("|") && lines[end].trim()) end += 1;
  return end - at;
}

const withBreaks = (lines) => lines.flatMap((line, position) => [...(position ? [/ {2,}$/.test(lines[position - 1]) ? html`<br />` : " "] : []), ...inline(line.trim())]);

const INLINE = [
  [/^(`+)(.+?)\1(?!`)/s, (match) => html`<code>${match[2].trim()}</code>`],
  [/^\*\*(?=\S)(.+?)(?<=\S)\*\*/s, (match) => html`<strong>${inline(match[1])}</strong>`],
  [/^__(?=\S)(.+?)(?<=\S)__(?!\w)/s, (match) => html`<strong>${inline(match[1])}</strong>`],
  [/^~~(?=\S)(.+?)(?<=\S)~~/s, (match) => html`<s>${inline(match[1])}</s>`],
  [/^\*(?=\S)(.+?)(?<=\S)\*(?!\*)/s, (match) => html`<em>${inline(match[1])}</em>`],
  [/^_(?=\S)(.+?)(?<=\S)_(?!\w)/s, (match) => html`<em>${inline(match[1])}</em>`],
  [/^!?\[([^\]]*)\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/, (match) => link(match[2], match[1] ? inline(match[1]) : match[2])],
  [/^https?:\/\/[^\s<>"')\]]+[^\s<>"')\].,;:!?]/, (match) => link(match[0], match[0])],
  [/^\\([\\`*_{}[\]()#+\-.!|~>])/, (match) => match[1]],
];
const SPECIAL = /[`*_~[\\!]|https?:\/\//;

function inline(text) {
  const parts = [];
  let rest = text;
  let before = "";
  while (rest) {
    const next = rest.search(SPECIAL);
    if (next < 0) break;
    before = next ? rest[next - 1] : before;
    if (next) parts.push(rest.slice(0, next));
    rest = rest.slice(next);
    const isWithinWord = rest[0] === "_" && /\w/.test(before);
    const found = isWithinWord ? undefined : INLINE.map(([pattern, draw]) => [pattern.exec(rest), draw]).find(([match]) => match);
    const used = found ? found[0][0].length : 1;
    parts.push(found ? found[1](found[0]) : rest[0]);
    before = rest[used - 1];
    rest = rest.slice(used);
  }
  if (rest) parts.push(rest);
  return parts;
}

function link(address, label) {
  if (!/^(https?:\/\/|mailto:)/i.test(address)) return html`<span>${label}</span>`;
  return html`<a href=${address} target="_blank" rel="noopener noreferrer">${label}</a>`;
}
