// What the program and its models say, live.

import { partsOf } from "../components/ansi.js";
import { Copy } from "../components/copy.js";
import { Icon } from "../components/icon.js";
import { save } from "../components/save.js";
import { VirtualList } from "../components/virtual_list.js";
import { count, counted } from "../format.js";
import { html, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../html.js";
import { go } from "../route.js";
import { useStore } from "../store.js";
import { useLog } from "./logs/log_stream.js";

const LINE_PX = 20;
const LEVEL = /\[(DEBUG|INFO|WARN|ERROR)\]/;

export function Page({ rest, query }) {
  const source = rest || (query.get("source") ?? "proxy");
  const path = `/logs/stream/${rest ? encodeURIComponent(rest) : source}`;
  const { lines: live, problem } = useLog(path);
  const [paused, setPaused] = useState(null);
  const [isWrapped, setIsWrapped] = useState(localStorage.getItem("logs-wrap") !== "no");
  const [isFollowing, setIsFollowing] = useState(true);
  const lines = paused ?? live;
  const search = useSearch(lines);
  const shown = search.isOnly && search.text ? search.hits.map((position) => lines[position]) : lines;
  useEffect(() => {
    setPaused(null);
    setIsFollowing(true);
  }, [path]);
  useEffect(() => {
    if (search.target !== null) setIsFollowing(false);
  }, [search.target]);
  const wrap = () => {
    localStorage.setItem("logs-wrap", isWrapped ? "no" : "yes");
    setIsWrapped(!isWrapped);
  };
  const text = () => shown.map((line) => line.text).join("\n");
  const fresh = paused ? live.length && live.at(-1).number - (paused.at(-1)?.number ?? 0) : 0;
  return html`
    <div class="logs">
      <div class="page-title">
        <h1>Logs</h1>
        <${SourceChoice} source=${source} isModel=${Boolean(rest)} />
      </div>
      <div class="toolbar">
        <${SearchField} search=${search} />
        <div class="actions">
          <button type="button" aria-pressed=${paused ? "true" : "false"} onClick=${() => setPaused(paused ? null : live)}><${Icon} name=${paused ? "play" : "pause"} /><span>${paused ? (fresh ? `Go on (${count(fresh)} new)` : "Go on") : "Pause"}</span></button>
          <button type="button" aria-pressed=${isWrapped ? "true" : "false"} onClick=${wrap}><${Icon} name="wrap" /><span>Wrap</span></button>
          <${Copy} text=${text} />
          <button type="button" onClick=${() => save(`${source}.log`, `${text()}\n`)}><${Icon} name="download" /><span>Save</span></button>
        </div>
      </div>
      <${Lines} key=${path} lines=${shown} isWrapped=${isWrapped} words=${search.text} target=${search.isOnly ? null : search.target} isFollowing=${isFollowing && !paused} onFollow=${setIsFollowing} />
      <p class="log-end hint">
        <span role="status">${problem || (live.length ? counted(shown.length, "line") : "Nothing has been said yet.")}</span>
        <button type="button" class="quiet" disabled=${isFollowing} onClick=${() => setIsFollowing(true)}><${Icon} name="down" size="16" /><span>Newest</span></button>
      </p>
    </div>`;
}

function SourceChoice({ source, isModel }) {
  const models = useStore((state) => state.picture?.models) ?? [];
  const choose = ({ target: { value } }) => (value.startsWith("model ") ? go("logs", value.slice(6)) : go("logs", "", { source: value }));
  return html`
    <label class="check"><span class="hint">Of</span>
      <select name="source" value=${isModel ? `model ${source}` : source} onChange=${choose}>
        <option value="proxy">the program</option>
        <option value="upstream">all models</option>
        ${isModel && !models.some(({ id }) => id === source) && html`<option value=${`model ${source}`}>${source}</option>`}
        ${models.map(({ id, name }) => html`<option key=${id} value=${`model ${id}`}>${name}</option>`)}
      </select>
    </label>`;
}

/** The lines that hold the words, and which of them the person is at. */
function useSearch(lines) {
  const [text, setText] = useState("");
  const [isOnly, setIsOnly] = useState(false);
  const [at, setAt] = useState(null);
  const hits = useMemo(() => {
    const wanted = text.toLowerCase();
    return wanted ? lines.flatMap((line, position) => (line.text.toLowerCase().includes(wanted) ? [position] : [])) : [];
  }, [lines, text]);
  const turn = (step) => setAt(hits.length ? ((at ?? (step > 0 ? -1 : 0)) + step + hits.length) % hits.length : null);
  return {
    text, isOnly, setIsOnly, hits, turn, at,
    setText: (wanted) => {
      setText(wanted);
      setAt(null);
    },
    target: at === null ? null : (hits[at] ?? null),
  };
}

function SearchField({ search }) {
  const onKeyDown = (event) => {
    if (event.key === "Enter") search.turn(event.shiftKey ? -1 : 1);
  };
  return html`
    <label class="search"><${Icon} name="search" /><span class="visually-hidden">Search in the log</span>
      <input type="search" placeholder="Search; Enter for the next" value=${search.text} onInput=${({ target }) => search.setText(target.value)} onKeyDown=${onKeyDown} />
    </label>
    <div class="actions">
      <button type="button" class="icon-only" aria-label="Previous" disabled=${!search.hits.length} onClick=${() => search.turn(-1)}><${Icon} name="up" /></button>
      <button type="button" class="icon-only" aria-label="Next" disabled=${!search.hits.length} onClick=${() => search.turn(1)}><${Icon} name="down" /></button>
      <button type="button" aria-pressed=${search.isOnly ? "true" : "false"} disabled=${!search.text} onClick=${() => search.setIsOnly(!search.isOnly)}>Only these</button>
      <span class="hits hint" role="status">${search.text && (search.at === null ? counted(search.hits.length, "hit") : `${search.at + 1} of ${count(search.hits.length)}`)}</span>
    </div>`;
}

function Lines({ lines, isWrapped, words, target, isFollowing, onFollow }) {
  const frame = useRef();
  const columns = useColumns(frame);
  const linesOf = useCallback((line) => (isWrapped ? Math.max(1, Math.ceil(line.cells / columns)) : 1), [isWrapped, columns]);
  const marked = target === null ? null : lines[target]?.number;
  const draw = (line) => html`<div key=${line.number} class=${`log-line ${levelOf(line.text)} ${line.number === marked ? "marked" : ""}`}>${contentOf(line, words)}</div>`;
  return html`
    <div ref=${frame} class=${`log-frame ${isWrapped ? "wrapped" : ""}`}>
      <span class="ruler log-line" aria-hidden="true">${"0".repeat(100)}</span>
      <${VirtualList} rows=${lines} linesOf=${linesOf} linePx=${LINE_PX} draw=${draw} isFollowing=${isFollowing} onFollow=${onFollow} target=${target} label="Log" />
    </div>`;
}

/** How many characters fit into a line. */
function useColumns(frame) {
  const [columns, setColumns] = useState(120);
  useLayoutEffect(() => {
    const measure = () => {
      const cellPx = frame.current.querySelector(".ruler").getBoundingClientRect().width / 100;
      const shown = frame.current.querySelector(".virtual-shown");
      if (cellPx) setColumns(Math.max(10, Math.floor(shown.clientWidth / cellPx)));
    };
    const observer = new ResizeObserver(measure);
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);
  return columns;
}

function levelOf(text) {
  return LEVEL.exec(text.slice(0, 60))?.[1].toLowerCase() ?? "";
}

function contentOf(line, words) {
  const parts = line.raw === null ? [{ text: line.text, class: "" }] : partsOf(line.raw);
  if (parts.length === 1 && !parts[0].class && !parts[0].colour && !words) return line.text || " ";
  return parts.map((part) => html`<span class=${part.class} style=${part.colour ? { color: part.colour } : undefined}>${withMarks(part.text, words)}</span>`);
}

function withMarks(text, words) {
  if (!words) return text;
  const pieces = [];
  const lower = text.toLowerCase();
  const wanted = words.toLowerCase();
  let end = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, end)) {
    pieces.push(text.slice(end, at), html`<mark>${text.slice(at, at + wanted.length)}</mark>`);
    end = at + wanted.length;
  }
  return [...pieces, text.slice(end)];
}
