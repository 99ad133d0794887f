// The head of a group: its name, and the switches that decide who may stay loaded beside whom.

import { command } from "../../api.js";
import { html } from "../../html.js";
import { attempt } from "../../store.js";

const SWITCHES = {
  swap: ["one at a time", "Only one of its models is loaded at a time"],
  exclusive: ["alone", "Its models are loaded only without those of other groups"],
  persistent: ["stays", "Other groups do not unload its models"],
};

export function GroupTitle({ title, group, models }) {
  return html`
    <div class="card-title">
      <h2>${title} <small class="hint">${models.length}</small></h2>
      ${group && html`<${Switches} group=${group} />`}
    </div>`;
}

function Switches({ group }) {
  const turn = (name) => attempt(() => command("set_group", { group: group.id, [name]: !group[name] }));
  const restore = () => attempt(() => command("set_group", { group: group.id, swap: null, exclusive: null, persistent: null }));
  return html`
    <div class="group-switches" role="group" aria-label=${`Switches of ${group.id}`}>
      ${Object.entries(SWITCHES).map(
        ([name, [label, explanation]]) => html`
          <button key=${name} type="button" title=${explanation} aria-pressed=${group[name] ? "true" : "false"} onClick=${() => turn(name)}>${label}</button>`,
      )}
      ${group.is_overridden && html`<button type="button" class="quiet" onClick=${restore}>as configured</button>`}
    </div>`;
}
