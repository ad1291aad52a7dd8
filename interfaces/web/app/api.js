// The REST side: one function that speaks the envelope and turns every failure into a Problem.
import { get } from "./store.js";

export const API = "/api/v2/noc/";
const TIMEOUT_MS = 15_000;
const RETRIES_MAX = 2; // of a reading that was refused for its rate
const RETRY_WAIT_MAX_S = 10;

// What went wrong, in the words of RFC 9457; failures on the way look the same as refusals.
export class Problem extends Error {
  constructor({ title, detail, code, status = 0, field = null }) {
    super(detail || title);
    Object.assign(this, { title, detail, code, status, field });
  }
}

const unreachable = (error) => new Problem({
  title: "The server cannot be reached",
  detail: error.name === "TimeoutError"
    ? `No answer within ${TIMEOUT_MS / 1000} seconds.`
    : "The request did not get through. It is safe to try again.",
  code: "network.unreachable",
});

async function problemOf(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // A proxy may answer in HTML; then the status is all there is to tell.
  }
  return new Problem({
    title: body.title ?? response.statusText ?? "The request failed",
    detail: body.detail ?? `The server answered ${response.status}.`,
    code: body.code ?? `http.${response.status}`,
    field: body.field ?? null,
    status: response.status,
  });
}

const sessionEndings = new Set();
export const onSessionEnd = (listener) => sessionEndings.add(listener);

async function send(method, path, { query, body, ifMatch, anonymous }) {
  const url = new URL(path, window.location.origin);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  const headers = { Accept: "application/json" };
  const token = get().session?.token;
  if (token && !anonymous) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (ifMatch !== undefined && ifMatch !== null) headers["If-Match"] = `"${ifMatch}"`;
  try {
    return await fetch(url, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    throw unreachable(error);
  }
}

const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

// Return { data, position } or throw a Problem.
export async function call(method, path, options = {}) {
  let response = await send(method, path, options);
  for (let tries = 0; response.status === 429 && method === "GET" && tries < RETRIES_MAX; tries++) {
    const wait = Number(response.headers.get("Retry-After")) || 1;
    await pause(Math.min(wait, RETRY_WAIT_MAX_S));
    response = await send(method, path, options);
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (response.status === 401 && !options.anonymous) {
      for (const listener of sessionEndings) listener(problem);
    }
    throw problem;
  }
  return response.json();
}

export const read = (path, query) => call("GET", API + path, { query });
export const command = (path, body, ifMatch) => call("POST", API + path, { body, ifMatch });
export const login = (body) =>
  call("POST", "/api/v2/auth/login/", { body, anonymous: true });
export const health = async () => {
  // Degraded is told with a 503 and the same body as well.
  const response = await send("GET", "/health/", { anonymous: true });
  const body = await response.json().catch(() => ({}));
  return body.data ?? body;
};
