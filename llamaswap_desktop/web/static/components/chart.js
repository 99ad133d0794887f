// A chart over time: uPlot in the page's own colours, with marks where models came and went.

import uPlot from "uplot";
import { html, useEffect, useLayoutEffect, useRef } from "../html.js";

const HEIGHT_PX = 190;
const SHORT_S = 600;
const CLOCK = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const EXACT_CLOCK = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

/**
 * `data`: [seconds, values…] as uPlot wants them; `series`: [{ label, unit, digits, isStepped, isDots }]; `top`: where the
 * scale ends at least; `marks`: [{ at_ms, model, kind }]; `span`: [from, to] in seconds.
 */
export function Chart({ title, data, series, top, marks, span }) {
  const box = useRef();
  const plot = useRef();
  const latest = useRef();
  latest.current = { data, marks, span };

  useLayoutEffect(() => {
    const build = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf({ series, top, latest, width: box.current.clientWidth }), data, box.current);
    };
    build();
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", build);
    addEventListener("themechange", build);
    const observer = new ResizeObserver(() => plot.current.setSize({ width: box.current.clientWidth, height: HEIGHT_PX }));
    observer.observe(box.current);
    return () => {
      observer.disconnect();
      removeEventListener("themechange", build);
      scheme.removeEventListener("change", build);
      plot.current.destroy();
      plot.current = null;
    };
  }, [series.map(({ label }) => label).join(), top]);

  useEffect(() => {
    plot.current.setData(data, false);
    plot.current.redraw(true, true);
    plot.current.setScale("x", { min: span[0], max: span[1] });
    if (plot.current.cursor.idx == null && data[0].length) plot.current.setLegend({ idx: data[0].length - 1 });
  }, [data, marks, span]);

  return html`
    <section class="card chart" aria-label=${title}>
      <h2>${title}</h2>
      <div class="chart-box" ref=${box} role="img" aria-label=${`${title}: ${latestWords(data, series)}`}></div>
    </section>`;
}

function latestWords(data, series) {
  return series.map(({ label, unit = "", digits = 0 }, position) => {
    const value = data[position + 1].findLast((each) => each !== null && each !== undefined);
    return `${label} ${value === undefined ? "unknown" : `${value.toFixed(digits)} ${unit}`}`;
  }).join(", ");
}

function optionsOf({ series, top, latest, width }) {
  const clock = () => (latest.current.span[1] - latest.current.span[0] < SHORT_S ? EXACT_CLOCK : CLOCK);
  const quiet = colour("--quiet");
  const line = colour("--line");
  const axis = { stroke: quiet, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 }, font: "12px system-ui, sans-serif" };
  return {
    width,
    height: HEIGHT_PX,
    cursor: { points: { size: 7 }, drag: { x: false, y: false } },
    legend: { live: true },
    scales: {
      x: { range: () => latest.current.span },
      y: { range: (_, __, most) => [0, Math.max(top ?? 1, (most ?? 0) * (top ? 1 : 1.15))] },
    },
    axes: [
      { ...axis, values: (_, moments) => moments.map((moment) => clock().format(moment * 1000)), space: 80 },
      { ...axis, size: 46, space: 32 },
    ],
    series: [
      { label: "", value: (_, moment) => (moment === null ? "–" : clock().format(moment * 1000)) },
      ...series.map(({ label, unit = "", digits = 0, isStepped, isDots }, position) => ({
        label,
        stroke: colour(`--series-${position % 6 + 1}`),
        width: isDots ? 0 : 1.75,
        paths: isStepped ? uPlot.paths.stepped({ align: 1 }) : isDots ? () => null : undefined,
        points: isDots ? { show: true, size: 6, fill: colour(`--series-${position % 6 + 1}`) } : { show: false },
        value: (_, value) => (value === null || value === undefined ? "–" : `${value.toFixed(digits)} ${unit}`),
      })),
    ],
    hooks: { draw: [(plot) => drawMarks(plot, latest.current.marks)] },
  };
}

function drawMarks(plot, marks) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.setLineDash([4, 4]);
  for (const { at_ms: at, kind } of marks) {
    const x = plot.valToPos(at / 1000, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = colour(kind === "load" ? "--ready" : "--idle");
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** A token as a colour that a canvas understands. */
function colour(token) {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}
