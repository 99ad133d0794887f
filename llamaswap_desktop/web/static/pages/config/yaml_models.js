// Finds and changes models in the configuration's text, line by line, so that everything else stays as it was written.
// What it does not understand it leaves alone; the server has the last word on every text.

const KEY = /^(\s*)("(?:\\.|[^"\\])*"|'(?:''|[^'])*'|[^\s#:'"][^:#]*?|[^\s#:'"]+?(?::[^\s:#]+)+)\s*:(?:\s+(.*?))?\s*$/;
const BLOCK = /^[|>][+-]?\d?\s*(#.*)?$/;

/** [{ id, line, end }], lines counted from 1, `end` the last one that belongs to the model. */
export function modelsIn(text) {
  const lines = text.split("\n");
  const section = blockAt(lines, lines.findIndex((line) => /^models\s*:\s*(#.*)?$/.test(line)));
  if (!section) return [];
  const found = [];
  const indent = indentOf(lines[section.first] ?? "");
  for (let at = section.first; at <= section.last; at += 1) {
    const key = isContent(lines[at]) && indentOf(lines[at]) === indent ? KEY.exec(lines[at]) : null;
    if (key) found.push({ id: unquoted(key[2]), line: at + 1, end: (blockAt(lines, at)?.last ?? at) + 1 });
  }
  return found;
}

/** The values of some keys of a model: a string each, undefined if the key is not there, null if it is not simple. */
export function valuesOf(text, { line, end }, names) {
  const lines = text.split("\n");
  return Object.fromEntries(names.map((name) => [name, valueOf(lines, keyLine(lines, line - 1, end - 1, name))]));
}

function valueOf(lines, at) {
  if (at < 0) return undefined;
  const value = withoutComment(KEY.exec(lines[at])?.[3] ?? "");
  if (BLOCK.test(value)) {
    const block = blockAt(lines, at);
    if (!block) return "";
    const indent = indentOf(lines[block.first]);
    return lines.slice(block.first, block.last + 1).map((line) => line.slice(indent)).join("\n").trimEnd();
  }
  if (blockAt(lines, at) || /^[&*!{]/.test(value)) return null;
  if (value.startsWith("[")) return /^\[[^[\]{}"']*\]$/.test(value) ? value.slice(1, -1).trim() : null;
  return unquoted(value);
}

/** The text with one key of a model set; "" takes the key away. */
export function withValue(text, { line, end }, name, value) {
  const lines = text.split("\n");
  const at = keyLine(lines, line - 1, end - 1, name);
  const inner = blockAt(lines, line - 1);
  const indent = " ".repeat(inner ? indentOf(lines[inner.first]) : indentOf(lines[line - 1]) + 2);
  const written = value === "" ? [] : writtenAs(indent, name, value);
  if (at >= 0) lines.splice(at, (blockAt(lines, at)?.last ?? at) - at + 1, ...written);
  else lines.splice(line, 0, ...written);
  return lines.join("\n");
}

/** The text with a new model at the end of `models:`. */
export function withModel(text, id, values) {
  const lines = text.trim() ? text.replace(/\n*$/, "\n").split("\n") : [""];
  const head = lines.findIndex((line) => /^models\s*:\s*(#.*|\{\}\s*)?$/.test(line));
  const block = blockAt(lines, head);
  const indent = block ? indentOf(lines[block.first]) : 2;
  const model = [`${" ".repeat(indent)}${key(id)}:`];
  for (const [name, value] of Object.entries(values)) if (value !== "") model.push(...writtenAs(" ".repeat(indent + 2), name, value));
  if (head < 0) lines.splice(lines.length - 1, 0, ...(lines.length > 1 ? [""] : []), "models:", ...model);
  else {
    lines[head] = lines[head].replace(/\{\}/, "");
    lines.splice((block?.last ?? head) + 1, 0, ...(block ? [""] : []), ...model);
  }
  return lines.join("\n");
}

function writtenAs(indent, name, value) {
  if (name === "aliases") return [`${indent}aliases: [${value.split(",").map((each) => scalar(each.trim(), true)).join(", ")}]`];
  if (name === "ttl" || name === "unlisted") return [`${indent}${name}: ${value}`];
  if (!value.includes("\n")) return [`${indent}${name}: ${scalar(value)}`];
  return [`${indent}${name}: |`, ...value.split("\n").map((line) => (line ? `${indent}  ${line}` : ""))];
}

function keyLine(lines, first, last, name) {
  const block = blockAt(lines, first);
  if (!block) return -1;
  const indent = indentOf(lines[block.first]);
  for (let at = block.first; at <= last; at += 1) {
    if (isContent(lines[at]) && indentOf(lines[at]) === indent && unquoted(KEY.exec(lines[at])?.[2] ?? "") === name) return at;
  }
  return -1;
}

/** The deeper lines below a key: positions of the first and the last, without blank lines and comments behind it. */
function blockAt(lines, head) {
  if (head < 0) return null;
  const indent = indentOf(lines[head]);
  let last = -1;
  let first = -1;
  for (let at = head + 1; at < lines.length; at += 1) {
    if (!isContent(lines[at])) continue;
    if (indentOf(lines[at]) <= indent) break;
    if (first < 0) first = at;
    last = at;
  }
  return first < 0 ? null : { first, last };
}

const isContent = (line) => /^\s*[^\s#]/.test(line);
const indentOf = (line) => /^ */.exec(line)[0].length;
const withoutComment = (value) => (/^["']/.test(value) ? value : value.replace(/(^|\s+)#.*$/, ""));

function unquoted(text) {
  if (/^"(?:\\.|[^"\\])*"/.test(text)) {
    try {
      return JSON.parse(/^"(?:\\.|[^"\\])*"/.exec(text)[0]);
    } catch {
      return text;
    }
  }
  const single = /^'((?:''|[^'])*)'/.exec(text);
  return single ? single[1].replaceAll("''", "'") : text;
}

const key = (id) => (/^[\w./-]+$/.test(id) && !/^[\d.-]/.test(id) ? id : JSON.stringify(id));

/** A text as a plain scalar where nobody could take it for anything else. */
function scalar(text, isInFlow = false) {
  const isPlain = /^[\w./$][^\n]*$/.test(text) && !/:(\s|$)|\s#|\s$/.test(text) && !/^(true|false|null|~|[\d.+-][\d.eE+_-]*)$/i.test(text);
  return isPlain && !(isInFlow && /[,[\]{}]/.test(text)) ? text : JSON.stringify(text);
}
