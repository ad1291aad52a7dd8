// The store: all that the page shows, as one object that is replaced, never changed in place.
//
// Changes that come within a frame's time are drawn once, so a storm of frames from the feed costs
// one drawing per FLUSH_MS and not one per frame.
import { useEffect, useState } from "./lib.js";
import { emptyTables } from "./tables.js";

const FLUSH_MS = 30;

export const EMPTY_CONNECTION = {
  status: "offline", // offline | connecting | live | waiting
  position: null, // the last position that was seen of the tenant's log
  since: null, // when this status began, ms
  retryAt: null, // when the next attempt is due, ms
  roundTripMs: null,
};

export const EMPTY_WORLD = {
  ...emptyTables(),
  more: {}, // cursor of the next page, by list
  frames: [], // newest first
  loadedAt: null, // ms; null until the lists were loaded once
  loading: false,
};

const initial = {
  session: null, // { token, expiresAt, user }
  notice: null, // why the login is shown
  connection: EMPTY_CONNECTION,
  ...EMPTY_WORLD,
  sites: new Map(),
  health: null,
  toasts: [],
  announcement: "",
  view: "TICKETS", // a name of VIEWS
  past: false, // lists show what is over as well
  selection: null, // { kind, id }
  drawerOpen: false,
  drawerShows: "details", // details | why
  detail: null, // { kind, id, row | problem }: the selected thing in full
  dialog: null, // { command, kind, id } | { help: true } | { menu: true, … }
  siteId: "",
  text: "",
  zone: "site", // site | browser
  sound: false,
};

let state = initial;
let timer = null;
const listeners = new Set();

export const get = () => state;

export function set(change) {
  state = { ...state, ...(typeof change === "function" ? change(state) : change) };
  timer ??= setTimeout(flush, FLUSH_MS);
}

// Draw at once what a key or a click changed; a person should not wait for a storm to be batched.
export function setNow(change) {
  set(change);
  flush();
}

function flush() {
  clearTimeout(timer);
  timer = null;
  for (const listener of [...listeners]) listener(state);
}

export function useStore() {
  const [seen, see] = useState(state);
  useEffect(() => {
    listeners.add(see);
    see(state);
    return () => listeners.delete(see);
  }, []);
  return seen;
}

export function forgetEverything(notice) {
  setNow(({ sites }) => ({ ...initial, sites: new Map(), notice: notice ?? null }));
}
