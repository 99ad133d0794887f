// Many requests at once, and how the model bears it.

import { Chart } from "../../components/chart.js";
import { Draft } from "../../components/draft.js";
import { count, duration, speed } from "../../format.js";
import { html, useEffect, useMemo, useRef, useState } from "../../html.js";
import { askModel } from "./session.js";

const NO_MARKS = [];

export function LoadTest({ model }) {
  const [wish, setWish] = useState({ requests: 32, atOnce: 4, tokens: 64, prompt: "Tell me about llamas." });
  const [run, setRun] = useState(null);
  const leaving = useRef(null);
  useEffect(() => () => leaving.current?.abort(), []);
  const start = async () => {
    leaving.current = new AbortController();
    const { signal } = leaving.current;
    const began = Date.now();
    const answers = [];
    let asked = 0;
    const show = (isRunning) => setRun({ began, answers: [...answers], asked, isRunning, now: Date.now() });
    const ticking = setInterval(() => show(true), 250);
    const work = async () => {
      while (asked < wish.requests && !signal.aborted) {
        asked += 1;
        const answer = await askOnce(model, wish, signal);
        if (!signal.aborted) answers.push(answer);
      }
    };
    await Promise.all(Array.from({ length: wish.atOnce }, work));
    clearInterval(ticking);
    show(false);
  };
  const number = (name, most) => (text) => setWish((before) => ({ ...before, [name]: Math.min(most, Math.max(1, Math.trunc(text) || 1)) }));
  return html`
    <section class="stack" aria-label="Load test">
      <div class="card stack">
        <div class="toolbar">
          <label class="field short">Requests<${Draft} name="requests" type="number" min="1" max="10000" value=${wish.requests} onCommit=${number("requests", 10_000)} /></label>
          <label class="field short">At once<${Draft} name="at-once" type="number" min="1" max="64" value=${wish.atOnce} onCommit=${number("atOnce", 64)} /></label>
          <label class="field short">Most tokens<${Draft} type="number" min="1" value=${wish.tokens} onCommit=${number("tokens", 100_000)} /></label>
        </div>
        <label class="field">Question<input value=${wish.prompt} onInput=${({ target }) => setWish({ ...wish, prompt: target.value })} /></label>
        <div class="actions">
          ${run?.isRunning
            ? html`<button type="button" onClick=${() => leaving.current.abort()}>Stop</button>`
            : html`<button type="button" class="primary" onClick=${start}>Start</button>`}
          ${wish.atOnce > 6 && html`<p class="hint">A browser sends about six requests at a time to one address; the others wait in it.</p>`}
        </div>
      </div>
      ${run && html`<${Outcome} run=${run} requests=${wish.requests} />`}
    </section>`;
}

async function askOnce(model, { prompt, tokens }, signal) {
  const began = performance.now();
  try {
    const body = { model, messages: [{ role: "user", content: prompt }], max_tokens: tokens };
    const { usage } = await askModel("/v1/chat/completions", body, signal);
    return { at: Date.now() / 1000, took_s: (performance.now() - began) / 1000, tokens: usage?.completion_tokens ?? 0, error: "" };
  } catch (error) {
    return { at: Date.now() / 1000, took_s: (performance.now() - began) / 1000, tokens: 0, error: error.message };
  }
}

function Outcome({ run, requests }) {
  const { answers, began, now } = run;
  const good = answers.filter(({ error }) => !error);
  const times = good.map(({ took_s }) => took_s).sort((one, other) => one - other);
  const end = run.isRunning ? now : (answers.at(-1)?.at ?? 0) * 1000;
  const elapsed_s = Math.max(0.001, (end - began) / 1000);
  const written = good.reduce((sum, { tokens }) => sum + tokens, 0);
  const errors = [...new Set(answers.filter(({ error }) => error).map(({ error }) => error))];
  const figures = [
    ["Answered", `${count(good.length)} of ${count(requests)}`],
    ["Failed", count(answers.length - good.length)],
    ["Requests/s", (good.length / elapsed_s).toFixed(1)],
    ["Tokens/s", speed(written / elapsed_s)],
    ["Median", times.length ? duration(times[Math.floor(times.length / 2)]) : "–"],
    ["95 %", times.length ? duration(times[Math.min(times.length - 1, Math.floor(times.length * 0.95))]) : "–"],
  ];
  const data = useMemo(() => perSecond(answers, began), [answers]);
  const span = useMemo(() => [began / 1000, Math.max(end / 1000, began / 1000 + 5)], [began, end]);
  return html`
    <dl class="card totals six">${figures.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    <${Chart} title="Tokens each second" data=${data} series=${[{ label: "tokens", isStepped: true }, { label: "answers", isStepped: true }]} marks=${NO_MARKS} span=${span} />
    ${errors.slice(0, 5).map((error) => html`<p key=${error} class="error-text" role="alert">${error}</p>`)}`;
}

/** [seconds, tokens, answers], one point for each second since it began. */
function perSecond(answers, began) {
  const first = Math.floor(began / 1000);
  const last = Math.floor(answers.at(-1)?.at ?? first);
  const seconds = Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
  const tokens = seconds.map(() => 0);
  const counts = seconds.map(() => 0);
  for (const { at, tokens: written, error } of answers) {
    if (error) continue;
    tokens[Math.floor(at) - first] += written;
    counts[Math.floor(at) - first] += 1;
  }
  const end = (values) => [...values, values.at(-1)]; // a step is drawn up to the next point
  return [[...seconds, last + 1], end(tokens), end(counts)];
}
