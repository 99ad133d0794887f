// A list of any length of which only the visible rows exist.

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../html.js";

const SPARE_PX = 300;
const AT_END_PX = 4;

/**
 * `rows`: anything; `linesOf(row)`: how many lines of `linePx` it takes; `draw(row)`: its element.  `isFollowing`: stay at
 * the end; `onFollow(bool)`: the person has left the end, or come back to it.  `target`: a position to scroll to.
 */
export function VirtualList({ rows, linesOf, linePx, draw, isFollowing, onFollow, target, label }) {
  const box = useRef();
  const [view, setView] = useState({ top: 0, height: 800 });
  const ends = useMemo(() => endsOf(rows, linesOf), [rows, linesOf]);
  const total = (ends.at(-1) ?? 0) * linePx;

  useLayoutEffect(() => {
    if (isFollowing) box.current.scrollTop = total;
  }, [isFollowing, total]);

  useLayoutEffect(() => {
    if (target === null || !rows.length) return;
    const top = (target ? ends[target - 1] : 0) * linePx;
    box.current.scrollTop = Math.max(0, top - box.current.clientHeight / 2);
  }, [target]);

  useEffect(() => {
    const element = box.current;
    const observer = new ResizeObserver(() => setView({ top: element.scrollTop, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const onScroll = () => {
    const { scrollTop, clientHeight, scrollHeight } = box.current;
    setView({ top: scrollTop, height: clientHeight });
    const isAtEnd = scrollTop + clientHeight >= scrollHeight - AT_END_PX;
    if (isAtEnd !== isFollowing) onFollow(isAtEnd);
  };

  const first = positionAt(ends, (view.top - SPARE_PX) / linePx);
  const last = Math.min(rows.length, positionAt(ends, (view.top + view.height + SPARE_PX) / linePx) + 1);
  const before = (first ? ends[first - 1] : 0) * linePx;
  return html`
    <div class="virtual" ref=${box} tabindex="0" role="region" aria-label=${label} onScroll=${onScroll}>
      <div class="virtual-whole" style=${{ height: `${total}px` }}>
        <div class="virtual-shown" style=${{ transform: `translateY(${before}px)` }}>${rows.slice(first, last).map(draw)}</div>
      </div>
    </div>`;
}

/** Where each row ends, in lines. */
function endsOf(rows, linesOf) {
  const ends = new Uint32Array(rows.length);
  let end = 0;
  for (let position = 0; position < rows.length; position += 1) {
    end += linesOf(rows[position]);
    ends[position] = end;
  }
  return ends;
}

/** The first row that ends behind `line`. */
function positionAt(ends, line) {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle] > line) high = middle;
    else low = middle + 1;
  }
  return low;
}
