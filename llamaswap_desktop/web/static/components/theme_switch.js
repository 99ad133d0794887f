// Light, dark, or as the system has it.

import { html, useState } from "../html.js";
import { Icon } from "./icon.js";

const NEXT = { system: "light", light: "dark", dark: "system" };
const ICONS = { system: "system", light: "sun", dark: "moon" };

export function ThemeSwitch() {
  const [theme, setTheme] = useState(localStorage.getItem("theme") ?? "system");
  const turn = () => {
    const next = NEXT[theme];
    if (next === "system") {
      localStorage.removeItem("theme");
      delete document.documentElement.dataset.theme;
    } else {
      localStorage.setItem("theme", next);
      document.documentElement.dataset.theme = next;
    }
    setTheme(next);
    dispatchEvent(new Event("themechange"));
  };
  const label = `Colours: ${theme}. Switch to ${NEXT[theme]}`;
  return html`<button type="button" class="quiet icon-only" aria-label=${label} title=${label} onClick=${turn}><${Icon} name=${ICONS[theme]} /></button>`;
}
