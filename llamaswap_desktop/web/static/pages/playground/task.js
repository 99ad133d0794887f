// One thing that is asked for and answered: running, done, or failed.

import { html, useEffect, useRef, useState } from "../../html.js";

/** { result, error, isRunning, took_s, run(action), stop }; `action` is given a signal and a function that shows a result. */
export function useTask() {
  const [task, setTask] = useState({ result: null, error: "", isRunning: false, took_s: 0 });
  const leaving = useRef(null);
  useEffect(() => () => leaving.current?.abort(), []);
  const run = async (action) => {
    leaving.current?.abort();
    const mine = (leaving.current = new AbortController());
    const began = performance.now();
    const show = (members) => {
      if (leaving.current === mine) setTask((before) => ({ ...before, ...members, took_s: (performance.now() - began) / 1000 }));
    };
    show({ result: null, error: "", isRunning: true });
    try {
      const result = await action(mine.signal, (partial) => show({ result: partial }));
      show({ isRunning: false, ...(result !== undefined && { result }) });
    } catch (error) {
      show({ isRunning: false, error: error.name === "AbortError" ? "Stopped." : error.message });
    }
  };
  return { ...task, run, stop: () => leaving.current?.abort() };
}

/** The button that starts a task, or stops it; and what went wrong. */
export function TaskButton({ task, label, disabled = false, onRun }) {
  return html`
    <div class="actions">
      ${task.isRunning
        ? html`<button type="button" onClick=${task.stop}>Stop</button><span class="hint" role="status">Working…</span>`
        : html`<button type="button" class="primary" disabled=${disabled} onClick=${onRun}>${label}</button>`}
      ${task.error && html`<p class="error-text" role="alert">${task.error}</p>`}
    </div>`;
}
