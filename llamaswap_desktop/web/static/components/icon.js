// Line icons, drawn on a grid of 24.

import { html } from "../html.js";

const PATHS = {
  models: "M12 3 20 7.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  activity: "M3 12h4l3-8 4 16 3-8h4",
  logs: "M5 5h14M5 10h14M5 15h9M5 20h6",
  performance: "M4 20V10M10 20V4M16 20v-7M21 20H3",
  playground: "M4 5h16v11H9l-5 4z",
  config: "M8 4c-3 0-1 5-4 8 3 3 1 8 4 8M16 4c3 0 1 5 4 8-3 3-1 8-4 8M12 8v.01M12 12v.01M12 16v.01",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4",
  pin: "M9 4h6l-1 6 4 3v2H6v-2l4-3zM12 15v6",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16.2 16.2 21 21",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  check: "M5 12.5l5 5L19.5 7",
  close: "M6 6l12 12M18 6 6 18",
  more: "M9 6l6 6-6 6",
  down: "M6 9l6 6 6-6",
  up: "M6 15l6-6 6 6",
  pause: "M8 5v14M16 5v14",
  play: "M7 4.5v15l12-7.5z",
  download: "M12 4v11M7 11l5 5 5-5M4 20h16",
  wrap: "M4 6h16M4 12h13a3 3 0 0 1 0 6h-4M15 15l-2.5 3 2.5 3M4 18h4",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M19 5l-1.4 1.4M6.4 17.6 5 19",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  system: "M4 5h16v11H4zM9 20h6M12 16v4",
  send: "M4 12 20 4l-5 16-3-7z",
  stop: "M7 7h10v10H7z",
  again: "M19 8a8 8 0 1 0 1 6M19.5 3v5h-5",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
  warning: "M12 4 2.5 20h19zM12 10v5M12 17.5v.01",
  plus: "M12 5v14M5 12h14",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  memory: "M6 6h12v12H6zM9 2v4M15 2v4M9 18v4M15 18v4M2 9h4M2 15h4M18 9h4M18 15h4",
  sliders: "M6 4v16M12 4v16M18 4v16M4 9h4M10 15h4M16 7h4",
};

export function Icon({ name, size = 18 }) {
  return html`<svg class="icon" width=${size} height=${size} viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
