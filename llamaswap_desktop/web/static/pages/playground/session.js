// The playground's requests: they carry a session id, so that they are found again in the activity log.

import { post, request } from "../../api.js";

const SESSION = `playground-${Date.now().toString(36)}`;
const LONG_MS = 30 * 60_000; // a large model may take its time to load and to answer

const headers = { "X-Session-ID": SESSION };

export const askModel = (path, body, signal = AbortSignal.timeout(LONG_MS)) => post(path, body, { headers, signal });
export const requestModel = (path, body, signal) => request(path, { method: "POST", body, headers, signal });
