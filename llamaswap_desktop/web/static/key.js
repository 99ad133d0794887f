// The key that may command, where the configuration has `desktop.adminKeys`.
//
// The key that lets one look has been asked for by the browser itself, which sends it with everything, event streams
// too.  Where that is not enough the person is asked for another one.  It is kept until this tab is closed.

const KEPT_AS = "admin-key";

let asking = null;
let answer = null;
let isDeclined = false;
let tell = () => {};

export const hasKey = () => sessionStorage.getItem(KEPT_AS) !== null;

/** The request with the key, if there is one; then without the browser's own, or it would ask itself about a wrong one. */
export function withKey(init) {
  if (!hasKey()) return init;
  const headers = { ...init.headers, Authorization: `Bearer ${sessionStorage.getItem(KEPT_AS)}` };
  return { ...init, headers, credentials: "omit" };
}

/** Has `listener` told when the person has to be asked (true), and when that is over. */
export function onQuestion(listener) {
  tell = listener;
  tell(asking !== null);
}

/** Asks the person, once for all who want to know; false if there is no key.  `isLook`: not worth asking twice. */
export function askForKey(isLook) {
  sessionStorage.removeItem(KEPT_AS);
  if (isLook && isDeclined) return Promise.resolve(false);
  asking ??= new Promise((resolve) => {
    answer = resolve;
  });
  tell(true);
  return asking;
}

/** What the person has said; an empty text is no key. */
export function answerWith(key) {
  if (key) sessionStorage.setItem(KEPT_AS, key);
  isDeclined = !key;
  const settle = answer;
  asking = answer = null;
  tell(false);
  settle?.(Boolean(key));
}
