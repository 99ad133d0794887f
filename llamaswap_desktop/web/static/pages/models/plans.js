// What loading a model would unload, by policy.

import { ask } from "../../api.js";
import { html, useEffect, useState } from "../../html.js";
import { isUp } from "../../models.js";
import { useStore } from "../../store.js";

export function Plans({ id }) {
  const { isLoaded, others } = useSituation(id);
  const [answer, setAnswer] = useState(null);
  useEffect(() => {
    if (isLoaded) return undefined;
    let isStale = false;
    ask(`/api/desktop/plans?model=${encodeURIComponent(id)}`, { isAside: true }).then(
      (found) => isStale || setAnswer(found),
      () => isStale || setAnswer(null), // whoever may not know it sees nothing of it
    );
    return () => {
      isStale = true;
    };
  }, [id, isLoaded, others]);
  if (isLoaded || answer?.model !== id) return null;
  return html`
    <section class="stack plans">
      <h3>What loading it would unload</h3>
      <dl class="facts-list">
        ${answer.plans.map((plan) => html`<dt key=${plan.policy}>${plan.policy}</dt><dd key=${`${plan.policy} does`}><${Plan} plan=${plan} /></dd>`)}
      </dl>
    </section>`;
}

function Plan({ plan }) {
  const leaving = plan.leaving.map((model) => (plan.busy.includes(model) ? `${model} (once it has answered)` : model));
  return html`
    <span>${leaving.join(", ") || "nothing"}${plan.is_in_force && html` <span class="tag">in force</span>`}</span>
    ${plan.reason && html`<p class="hint">${plan.reason}</p>`}
    ${plan.problem && html`<p class="error-text">${plan.problem}</p>`}`;
}

/** Whether the model is loaded, or none of ours; and what the others do, in a form that compares. */
function useSituation(id) {
  const isLoaded = useStore(({ picture }) => {
    const model = picture?.models.find((each) => each.id === id);
    return !model || isUp(model);
  });
  const others = useStore(({ picture }) =>
    JSON.stringify(picture?.models.filter(({ state }) => state !== "stopped").map((each) => [each.id, each.state, each.in_flight > 0, each.is_pinned])),
  );
  return { isLoaded, others };
}
