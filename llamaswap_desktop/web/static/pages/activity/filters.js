// Which requests, or loads, are shown.

import { Icon } from "../../components/icon.js";
import { html, useMemo } from "../../html.js";
import { choicesOf } from "../../models.js";
import { state, useStore } from "../../store.js";
import { NO_FILTERS, PERIODS, STATUSES } from "./wish.js";

export function Filters({ wish, change }) {
  const picture = useStore((state) => state.picture);
  const status = useStore((state) => state.status);
  const ids = useMemo(() => {
    const known = choicesOf({ picture, status, listed: state.listed }).filter(({ kind }) => kind !== "Selectors").map(({ id }) => id);
    return wish.model && !known.includes(wish.model) ? [...known, wish.model] : known;
  }, [picture?.models.length, status, wish.model]);
  return html`
    <div class="toolbar filters">
      <${Choice} label="Model" name="model" wish=${wish} change=${change} choices=${{ "": "all", ...Object.fromEntries(ids.map((id) => [id, id])) }} />
      <${Choice} label="When" name="period" wish=${wish} change=${change} choices=${PERIODS} />
      ${wish.period === "between" && html`
        <${Moment} label="from" name="from" wish=${wish} change=${change} />
        <${Moment} label="until" name="until" wish=${wish} change=${change} />`}
      ${wish.view === "requests" && html`<${Choice} label="Status" name="status" wish=${wish} change=${change} choices=${STATUSES} />`}
      ${wish.isFiltered && html`<button type="button" class="quiet" onClick=${() => change(NO_FILTERS)}><${Icon} name="close" size="16" /><span>Clear</span></button>`}
    </div>`;
}

function Choice({ label, name, wish, change, choices }) {
  return html`
    <label class="check"><span class="hint">${label}</span>
      <select name=${name} value=${wish[name]} onChange=${({ target }) => change({ [name]: target.value })}>
        ${Object.entries(choices).map(([value, words]) => html`<option key=${value} value=${value}>${words}</option>`)}
      </select>
    </label>`;
}

function Moment({ label, name, wish, change }) {
  return html`<label class="check"><span class="hint">${label}</span><input type="datetime-local" name=${name} value=${wish[name]} onChange=${({ target }) => change({ [name]: target.value })} /></label>`;
}
