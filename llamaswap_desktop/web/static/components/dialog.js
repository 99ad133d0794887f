// A window over the page: the browser's own dialog keeps the focus inside and closes on Escape.

import { html, useId, useLayoutEffect, useRef } from "../html.js";
import { Icon } from "./icon.js";

/**
 * `side`: a panel at the edge instead of a window in the middle.  `isForm`: its first field is to have the focus, which
 * otherwise the title has, so that a screen reader begins there.
 */
export function Dialog({ title, onClose, children, side = false, wide = false, isForm = false }) {
  const dialog = useRef();
  const id = useId();
  const giveBack = useRef(() => {});
  // A layout effect: Preact cleans up other effects only after the element has gone, and the focus with it.
  useLayoutEffect(() => {
    const before = document.activeElement;
    const element = dialog.current;
    element.showModal();
    giveBack.current = () => {
      if (!element.open) return;
      element.close(); // while it is open nothing outside can have the focus
      before?.focus?.();
    };
    return giveBack.current;
  }, []);
  // At once: where the address says that it is open, it goes only when the browser has told of the new one.
  const leave = () => {
    giveBack.current();
    onClose();
  };
  const onClick = (event) => event.target === dialog.current && leave();
  const onCancel = (event) => {
    event.preventDefault();
    leave();
  };
  return html`
    <dialog ref=${dialog} class=${side ? "side" : wide ? "wide" : ""} aria-labelledby=${id} onClick=${onClick} onCancel=${onCancel}>
      <div class="dialog">
        <header>
          <h2 id=${id} tabindex="-1" autofocus=${!isForm}>${title}</h2>
          <button type="button" class="quiet icon-only" aria-label="Close" onClick=${leave}><${Icon} name="close" /></button>
        </header>
        <div class="dialog-body">${children}</div>
      </div>
    </dialog>`;
}
