// The machine over the last hour, and what the models did to it.

import { Chart } from "../components/chart.js";
import { duration, moment } from "../format.js";
import { html, useMemo, useState } from "../html.js";
import { useStore } from "../store.js";
import { speedsOf, underWayOf, useAnswers } from "./performance/answers.js";
import { useMarks } from "./performance/marks.js";
import { useSamples } from "./performance/samples.js";

const SPANS = { 300: "5 min", 900: "15 min", 3600: "1 hour" };
const MIB = 1024;

export function Page() {
  const { system, gpus, problem, now } = useSamples();
  const answers = useAnswers();
  const speeds = useMemo(() => speedsOf(answers), [answers]);
  const marks = useMarks();
  const work = useStore((state) => state.work);
  const [span_s, setSpan] = useState(900);
  const span = useMemo(() => [now - span_s, now], [now, span_s]);
  const shared = { marks, span };
  return html`
    <div class="page-title">
      <h1>Performance</h1>
      <div class="segments" role="group" aria-label="How far back">
        ${Object.entries(SPANS).map(([seconds, label]) => html`<button key=${seconds} type="button" aria-pressed=${Number(seconds) === span_s ? "true" : "false"} onClick=${() => setSpan(Number(seconds))}>${label}</button>`)}
      </div>
    </div>
    ${problem && html`<p class="card hint">${problem}</p>`}
    <div class="charts">
      ${!problem && html`<${SystemCharts} system=${system} ...${shared} />`}
      ${[...gpus.values()].map((gpu) => html`<${GpuCharts} key=${gpu.id} gpu=${gpu} ...${shared} />`)}
      <${Chart} title="Writing speed of each answer" data=${speeds} series=${[{ label: "tokens/s", digits: 1, isDots: true }]} ...${shared} />
      <${WorkChart} answers=${answers} work=${work} now=${now} ...${shared} />
    </div>
    <${Marks} marks=${marks} />`;
}

function SystemCharts({ system, ...shared }) {
  const data = useMemo(() => {
    const at = system.map(({ seconds }) => seconds);
    const mean = system.map(({ cpu_util_per_core: cores }) => (cores.length ? cores.reduce((sum, core) => sum + core, 0) / cores.length : null));
    const most = system.map(({ cpu_util_per_core: cores }) => (cores.length ? Math.max(...cores) : null));
    return {
      cpu: [at, mean, most],
      memory: [at, system.map((sample) => sample.mem_used_mb / MIB), system.map((sample) => sample.swap_used_mb / MIB)],
      network: [at, ...rates(system, "bytes_recv", "bytes_sent")],
      top: Math.max(1, (system.at(-1)?.mem_total_mb ?? 0) / MIB),
    };
  }, [system]);
  return html`
    <${Chart} title="Processor" data=${data.cpu} series=${[{ label: "all cores", unit: "%" }, { label: "busiest core", unit: "%" }]} top=${100} ...${shared} />
    <${Chart} title="Memory" data=${data.memory} series=${[{ label: "used", unit: "GiB", digits: 1 }, { label: "swap", unit: "GiB", digits: 1 }]} top=${data.top} ...${shared} />
    <${Chart} title="Network" data=${data.network} series=${[{ label: "in", unit: "MB/s", digits: 2 }, { label: "out", unit: "MB/s", digits: 2 }]} ...${shared} />`;
}

/** Megabytes a second over all interfaces, between each two samples. */
function rates(system, ...counters) {
  const sum = (sample, counter) => (sample.net_io ?? []).reduce((total, each) => total + each[counter], 0);
  return counters.map((counter) => system.map((sample, position) => {
    const before = system[position - 1];
    if (!before) return null;
    return Math.max(0, sum(sample, counter) - sum(before, counter)) / (sample.seconds - before.seconds) / 1e6;
  }));
}

function GpuCharts({ gpu, ...shared }) {
  const data = useMemo(() => {
    const { samples } = gpu;
    const at = samples.map(({ seconds }) => seconds);
    return {
      memory: [at, samples.map((sample) => sample.mem_used_mb / MIB)],
      busy: [at, samples.map((sample) => sample.gpu_util_pct), samples.map((sample) => sample.temp_c), samples.map((sample) => sample.power_draw_w)],
      top: Math.max(1, (samples.at(-1)?.mem_total_mb ?? 0) / MIB),
    };
  }, [gpu]);
  return html`
    <${Chart} title=${`${gpu.name}: memory`} data=${data.memory} series=${[{ label: "used", unit: "GiB", digits: 1 }]} top=${data.top} ...${shared} />
    <${Chart} title=${`${gpu.name}: work`} data=${data.busy} series=${[{ label: "busy", unit: "%" }, { label: "temperature", unit: "°C" }, { label: "power", unit: "W" }]} top=${100} ...${shared} />`;
}

function WorkChart({ answers, work, now, ...shared }) {
  const data = useMemo(() => underWayOf(answers, work, now), [answers, work, now]);
  return html`<${Chart} title="Requests under way" data=${data} series=${[{ label: "all", isStepped: true }, { label: "waiting", isStepped: true }]} ...${shared} />`;
}

function Marks({ marks }) {
  if (!marks.length) return null;
  return html`
    <section class="card chart-marks" aria-label="Loads and unloads">
      <div class="card-title"><h2>Came and went in the last hour</h2><a href="#/activity?view=loads">All loads</a></div>
      <ul>${marks.slice(-8).toReversed().map(({ at_ms: at, model, kind, took_s: took }) => html`<li key=${`${at} ${model} ${kind}`}><span class=${`light ${kind === "load" ? "ready" : ""}`} aria-hidden="true"></span><span>${moment(at)} <strong>${model}</strong> ${kind === "load" ? `was loaded in ${duration(took)}` : "was unloaded"}</span></li>`)}</ul>
    </section>`;
}
