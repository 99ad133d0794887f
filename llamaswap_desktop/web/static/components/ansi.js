// Terminal colours: text with escape sequences becomes parts with a class or a colour each.

const SEQUENCES = /\x1b(?:\[([0-9;:]*)([A-Za-z])|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])/g;

/** The text alone, with other control characters made visible as nothing. */
export const plain = (text) => text.replace(SEQUENCES, "").replace(/[\x00-\x08\x0b-\x1f\x7f]/g, "");

/** [{ text, class, colour }] */
export function partsOf(text) {
  const parts = [];
  let look = {};
  let end = 0;
  const push = (piece) => {
    const shown = plain(piece);
    if (shown) parts.push({ text: shown, class: classOf(look), colour: look.colour });
  };
  for (const match of text.matchAll(SEQUENCES)) {
    push(text.slice(end, match.index));
    end = match.index + match[0].length;
    if (match[2] === "m") look = turned(look, match[1]);
  }
  push(text.slice(end));
  return parts;
}

function classOf({ ink, isBold, isFaint, isItalic, isUnderlined }) {
  return [ink !== undefined && `ansi-${ink}`, isBold && "ansi-bold", isFaint && "ansi-faint", isItalic && "ansi-italic", isUnderlined && "ansi-underlined"]
    .filter(Boolean)
    .join(" ");
}

/** How text looks after one "select graphic rendition"; background colours are not followed. */
function turned(before, codes) {
  const look = { ...before };
  const numbers = codes.split(/[;:]/).map(Number);
  for (let at = 0; at < numbers.length; at += 1) {
    const code = numbers[at];
    if (code === 0) for (const name of Object.keys(look)) delete look[name];
    else if (code === 1) look.isBold = true;
    else if (code === 2) look.isFaint = true;
    else if (code === 3) look.isItalic = true;
    else if (code === 4) look.isUnderlined = true;
    else if (code === 22) look.isBold = look.isFaint = false;
    else if (code === 23) look.isItalic = false;
    else if (code === 24) look.isUnderlined = false;
    else if (code === 39) look.ink = look.colour = undefined;
    else if (code >= 30 && code <= 37) [look.ink, look.colour] = [code - 30, undefined];
    else if (code >= 90 && code <= 97) [look.ink, look.colour] = [code - 82, undefined];
    else if (code === 38 || code === 48) {
      const [colour, used] = extended(numbers, at + 1);
      if (code === 38) [look.ink, look.colour] = colour;
      at += used;
    }
  }
  return look;
}

/** The colour behind 38: ([ink, colour], how many numbers it took). */
function extended(numbers, at) {
  if (numbers[at] === 2) return [[undefined, `rgb(${byte(numbers[at + 1])} ${byte(numbers[at + 2])} ${byte(numbers[at + 3])})`], 4];
  const index = byte(numbers[at + 1]);
  if (index < 16) return [[index, undefined], 2];
  if (index >= 232) return [[undefined, `rgb(${Array(3).fill(8 + (index - 232) * 10).join(" ")})`], 2];
  const steps = [Math.floor((index - 16) / 36), Math.floor((index - 16) / 6) % 6, (index - 16) % 6];
  return [[undefined, `rgb(${steps.map((step) => (step ? 55 + step * 40 : 0)).join(" ")})`], 2];
}

const byte = (value) => Math.min(255, Math.max(0, Math.trunc(value) || 0));
