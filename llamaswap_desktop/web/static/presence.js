// Holds something only while the page is there to be looked at.
//
// A browser allows six connections per server over all its tabs.  A tab that is hidden for a while, or a page that lies
// in the browser's memory behind another one, gives back those that it holds.

const HIDDEN_MS = 20_000;

/** Calls `begin` now and whenever the page comes back; what it returns is called when the page goes.  Returns the end of all this. */
export function whilePresent(begin) {
  let end = begin();
  let hiding = 0;
  const go = () => {
    clearTimeout(hiding);
    end?.();
    end = null;
  };
  const come = () => {
    clearTimeout(hiding);
    end ??= begin();
  };
  const look = () => {
    if (!document.hidden) come();
    else hiding = setTimeout(go, HIDDEN_MS);
  };
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", go);
  addEventListener("pageshow", come);
  return () => {
    document.removeEventListener("visibilitychange", look);
    removeEventListener("pagehide", go);
    removeEventListener("pageshow", come);
    go();
  };
}
