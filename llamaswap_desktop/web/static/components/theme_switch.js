// The button that turns through light, dark, and as the system has it.

import { html } from "../html.js";
import { useTheme } from "../theme_choice.js";
import { Icon } from "./icon.js";

const NEXT = { auto: "light", light: "dark", dark: "auto" };
const ICONS = { auto: "system", light: "sun", dark: "moon" };

export function ThemeSwitch() {
  const [theme, choose] = useTheme();
  const label = `Colours: ${theme}. Switch to ${NEXT[theme]}`;
  return html`<button type="button" class="quiet icon-only" aria-label=${label} title=${label} onClick=${() => choose(NEXT[theme])}><${Icon} name=${ICONS[theme]} /></button>`;
}
