// Takes what the filters show out of the program, as CSV, JSON or Markdown.

import { ask } from "../../api.js";
import { save } from "../../components/save.js";
import { html, useState } from "../../html.js";
import { attempt } from "../../store.js";
import { searchOf } from "./wish.js";

const PAGE_ROWS = 999;
const COLUMNS = [
  ["id", (entry) => entry.id],
  ["timestamp", (entry) => entry.timestamp],
  ["model", (entry) => entry.model],
  ["req_path", (entry) => entry.req_path],
  ["status", (entry) => entry.resp_status_code],
  ["input_tokens", (entry) => entry.tokens.input_tokens],
  ["cache_tokens", (entry) => entry.tokens.cache_tokens],
  ["output_tokens", (entry) => entry.tokens.output_tokens],
  ["prompt_per_second", (entry) => entry.tokens.prompt_per_second],
  ["tokens_per_second", (entry) => entry.tokens.tokens_per_second],
  ["duration_ms", (entry) => entry.duration_ms],
  ["error_msg", (entry) => entry.error_msg ?? ""],
];

const FORMATS = {
  csv: { label: "CSV", type: "text/csv", write: asCsv },
  json: { label: "JSON", type: "application/json", write: (entries) => `${JSON.stringify(entries, null, 2)}\n` },
  md: { label: "Markdown", type: "text/markdown", write: asMarkdown },
};

export function ExportButtons({ wish }) {
  const [isBusy, setIsBusy] = useState(false);
  const take = async (suffix) => {
    setIsBusy(true);
    await attempt(async () => {
      const { write, type } = FORMATS[suffix];
      save(`activity-${new Date().toISOString().slice(0, 10)}.${suffix}`, write(await allEntries(wish)), type);
    });
    setIsBusy(false);
  };
  return html`
    <span class="hint">Export</span>
    ${Object.entries(FORMATS).map(([suffix, { label }]) => html`<button key=${suffix} type="button" disabled=${isBusy} onClick=${() => take(suffix)}>${label}</button>`)}`;
}

/** Oldest first, so that requests that end meanwhile do not shift the pages. */
async function allEntries(wish) {
  const entries = [];
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const answer = await ask(`/api/metrics/activity?${searchOf({ ...wish, sort: "id", order: "asc", limit: PAGE_ROWS, page })}`);
    entries.push(...answer.data);
    pages = answer.total_pages;
  }
  return entries;
}

function asCsv(entries) {
  const lines = entries.map((entry) => COLUMNS.map(([, pick]) => csvCell(pick(entry))).join(","));
  return `${[COLUMNS.map(([name]) => name).join(","), ...lines].join("\r\n")}\r\n`;
}

/** A text that begins like a formula would be one in a spreadsheet: a quote keeps it a text. */
function csvCell(value) {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function asMarkdown(entries) {
  const line = (cells) => `| ${cells.map((cell) => String(cell).replace(/[\r\n]+/g, " ").replaceAll("|", "\\|")).join(" | ")} |`;
  return `${[
    line(COLUMNS.map(([name]) => name)),
    line(COLUMNS.map(() => "---")),
    ...entries.map((entry) => line(COLUMNS.map(([, pick]) => pick(entry)))),
  ].join("\n")}\n`;
}
