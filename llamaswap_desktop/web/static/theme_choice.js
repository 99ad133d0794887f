// Light, dark, or as the system has it.  The choice is one of the settings; the browser keeps a copy for the first paint.

import { ask, put } from "./api.js";
import { useEffect, useState } from "./html.js";
import { attempt } from "./store.js";

const CHANGED = "themechange";

const theme = () => localStorage.getItem("theme") ?? "auto";

function show(chosen) {
  if (chosen === theme()) return;
  if (chosen === "auto") {
    localStorage.removeItem("theme");
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem("theme", chosen);
    document.documentElement.dataset.theme = chosen;
  }
  dispatchEvent(new Event(CHANGED));
}

/** [the choice, a function that makes another]. */
export function useTheme() {
  const [chosen, setChosen] = useState(theme());
  useEffect(() => {
    const look = () => setChosen(theme());
    addEventListener(CHANGED, look);
    return () => removeEventListener(CHANGED, look);
  }, []);
  const choose = (next) => {
    show(next);
    attempt(() => put("/api/desktop/settings", { theme: next }));
  };
  return [chosen, choose];
}

/** Takes over what was chosen elsewhere, such as in another browser. */
export async function fetchTheme() {
  try {
    show((await ask("/api/desktop/settings", { isAside: true })).theme);
  } catch {
    // Without the key for it, this browser's own choice holds.
  }
}
