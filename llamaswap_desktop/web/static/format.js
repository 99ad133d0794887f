// Figures and times as people read them.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** 1536 → "1.5 KiB"; three digits at most. */
export function size(bytes) {
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** 0.34 → "340 ms", 75 → "1 min 15 s", 7300 → "2 h 2 min". */
export function duration(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return together(Math.floor(whole / 60), "min", whole % 60, "s");
  return together(Math.floor(whole / 3600), "h", Math.floor((whole % 3600) / 60), "min");
}

/** For what is only to come: 45 → "45 s", 100 → "2 min", 7300 → "2 h". */
export function roughly(seconds) {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

function together(large, largeUnit, small, smallUnit) {
  return small ? `${large} ${largeUnit} ${small} ${smallUnit}` : `${large} ${largeUnit}`;
}

const NUMBER = new Intl.NumberFormat("en");
export const count = (value) => NUMBER.format(value);

/** 1 → "1 request", 2 → "2 requests". */
export const counted = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;

/** Tokens per second; figures that a server did not tell (-1, 0) are a dash. */
export const speed = (perSecond) => (perSecond > 0 ? perSecond.toFixed(perSecond < 100 ? 1 : 0) : "–");

const TIME = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat([], { month: "short", day: "numeric" });

/** The time of today, with the day if it was another. */
export function moment(timestamp) {
  const at = new Date(timestamp);
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? TIME.format(at) : `${DAY.format(at)}, ${TIME.format(at)}`;
}
