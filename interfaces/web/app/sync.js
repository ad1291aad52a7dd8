// Snapshot and tail: load the lists at the feed's position, then apply its frames in order.
//
// While the lists load, frames wait; what the lists hold already is recognised by position. A
// frame that does not carry the whole object makes this page read that object again, a bounded
// number at a time, and when too many would have to be read, the lists. A gap, where the feed left
// out what this page could not take in time, makes it read the lists of what was left out.
import * as api from "./api.js";
import { announce, refresh, toast } from "./effects.js";
import { Feed } from "./feed.js";
import { EMPTY_CONNECTION, EMPTY_WORLD, forgetEverything, get, set, setNow } from "./store.js";
import {
  HIGH_RISK_FROM, KINDS, emptyTables, isOpen, isWhole, keyOf, kindOfFrame, merge, present,
} from "./tables.js";

const PAGE_ROWS = 200; // the most that the server gives at once
const SITES_PAGES_MAX = 25;
const HEALTH_EVERY_MS = 10_000;
const LOAD_RETRY_MS = 3_000;
const STALE_ROWS_MAX = 30; // more to read than this, and the lists are read instead

let loading = null; // the token of the loading that is under way
let waiting = []; // frames that came while the lists were loading
let readTo = {}; // kind -> the position that its lists were read at, at least
let stale = new Map(); // "kind/key" -> the position a row must be read at, at least
let reading = false;
let healthTimer = null;

const feed = new Feed({
  snapshot: (position) => load(position),
  frame: (frame) => receive(frame),
  lost: (why) => {
    toast({ tone: "note", title: "Loading the lists again", detail: why });
    set({ loading: true });
  },
  status: (status, { retryAt = null } = {}) => set(({ connection }) => ({
    connection: {
      ...connection, status, retryAt,
      // The screen counts how long it has not been live, over all attempts.
      since: (status === "live") === (connection.status === "live") && connection.since
        ? connection.since : Date.now(),
    },
  })),
  heard: (position) => set(({ connection }) => ({
    connection: { ...connection, position: Math.max(position, connection.position ?? 0) },
  })),
  roundTrip: (ms) => set(({ connection }) => ({ connection: { ...connection, roundTripMs: ms } })),
  denied: (unauthenticated, reason) => {
    if (unauthenticated) logout("Your session has ended. Please log in again.");
    else {
      toast({
        tone: "bad", title: "The live feed is not open to you", code: "feed.forbidden",
        detail: reason || "Your account may not watch the feed; the lists are not live.",
      });
      load(null);
    }
  },
  problem: ({ code, detail }) => toast({ tone: "bad", title: "The feed answered with an error", code, detail }),
});

api.onSessionEnd(() => {
  if (get().session) logout("Your session has ended. Please log in again.");
});

export function begin() {
  const { session, siteId } = get();
  waiting = [];
  readTo = {};
  stale = new Map();
  loading = null;
  set({ ...EMPTY_WORLD, connection: EMPTY_CONNECTION, loading: true });
  feed.start({ token: session.token, siteIds: siteId ? [siteId] : [] });
  loadSites();
  watchHealth();
}

export function end() {
  feed.stop();
  loading = null;
  clearTimeout(healthTimer);
}

export const retryNow = () => feed.retryNow();

const TOKEN_KEY = "vedette.session";

export function rememberSession(session) {
  sessionStorage.setItem(TOKEN_KEY, JSON.stringify(session));
}

export function rememberedSession() {
  try {
    const session = JSON.parse(sessionStorage.getItem(TOKEN_KEY));
    return session && new Date(session.expiresAt) > new Date() ? session : null;
  } catch {
    return null;
  }
}

export function logout(notice) {
  end();
  sessionStorage.removeItem(TOKEN_KEY);
  forgetEverything(notice);
}

// ---- loading the lists

const filters = () => ({ site_id: get().siteId, limit: PAGE_ROWS });
const PAST_ROWS = 50; // of what is over, the newest

const listsOf = (kind, statuses, more) => statuses.map(
  (status) => [`${kind}/${status}`, [kind, { status, ...more }]]);

// Every list that the page holds, by its name: what to ask, and with which filter.
const listQueries = () => Object.fromEntries([
  ...Object.entries(KINDS).flatMap(([kind, { open, over }]) => [
    ...listsOf(kind, open, {}),
    ...(get().past ? listsOf(kind, over, { limit: PAST_ROWS }) : []),
  ]),
  ["score", ["score", { minimum: HIGH_RISK_FROM, limit: 50 }]],
]);

// Load the lists of these kinds; what the page holds of others stays.
async function load(position, kinds = Object.keys(KINDS)) {
  const mine = {};
  loading = mine;
  set({ loading: true });
  try {
    const lists = Object.entries(listQueries()).filter(([, [kind]]) => kinds.includes(kind));
    const answers = await Promise.all(lists.map(([, [kind, query]]) =>
      readList(kind, { ...filters(), ...query, wait_for: position })));
    if (loading !== mine) return; // a later loading took over, or the person left
    const world = { ...emptyTables(kinds), more: { ...get().more } };
    for (const kind of kinds) readTo[kind] = Infinity;
    lists.forEach(([name, [kind]], index) => {
      const answer = answers[index];
      const { list } = KINDS[kind];
      world[list] = merge(kind, world[list], answer.data.items, answer.position);
      world.more[name] = answer.data.next_cursor ?? undefined;
      readTo[kind] = Math.min(readTo[kind], answer.position);
    });
    loading = null;
    setNow({ ...world, loading: false, loadedAt: Date.now() });
    const held = waiting;
    waiting = [];
    held.forEach(receive);
    // What stands open in the drawer may have changed with its list.
    const { selection } = get();
    if (selection && kinds.includes(selection.kind)) refresh(selection.kind, selection.id, position);
  } catch (problem) {
    if (loading !== mine) return;
    if (!(problem instanceof api.Problem)) throw problem;
    if (problem.status === 401) return;
    toast({ tone: "bad", ...problem, title: "The lists could not be loaded" });
    await new Promise((done) => setTimeout(done, LOAD_RETRY_MS));
    if (loading === mine) load(position, kinds);
  }
}

// A role may not see every list; what it may not see stays empty.
async function readList(kind, query) {
  try {
    return await api.read(KINDS[kind].path, query);
  } catch (problem) {
    if (problem.status !== 403) throw problem;
    return { data: { items: [], next_cursor: null }, position: query.wait_for ?? 0 };
  }
}

// Show what is over beside what is open, or no more. The feed keeps both up to date.
export function togglePast() {
  setNow(({ past }) => ({ past: !past }));
  if (get().past) load(get().connection.position);
}

export async function loadMore(name) {
  const [kind, query] = listQueries()[name];
  const { list, path } = KINDS[kind];
  try {
    const answer = await api.read(path, { ...filters(), ...query, cursor: get().more[name] });
    set((state) => ({
      [list]: merge(kind, state[list], answer.data.items, answer.position),
      more: { ...state.more, [name]: answer.data.next_cursor ?? undefined },
    }));
  } catch (problem) {
    toast({ tone: "bad", ...problem });
  }
}

async function loadSites() {
  try {
    let cursor = null;
    for (let pages = 0; pages < SITES_PAGES_MAX; pages++) {
      const { data } = await api.read("directory/sites/", { limit: PAGE_ROWS, cursor });
      set(({ sites }) => ({
        sites: new Map([...sites, ...data.items.map((site) => [site.site_id, site])]),
      }));
      cursor = data.next_cursor;
      if (!cursor) return;
    }
  } catch (problem) {
    // The board works with the sites' ids alone; a role without the directory sees those.
    if (problem.status !== 403 && problem.status !== 401) toast({ tone: "bad", ...problem });
  }
}

// ---- applying frames

// A held frame may be a gap, which begins a loading; what comes behind it waits again.
function receive(frame) {
  if (loading) waiting.push(frame);
  else apply(frame);
}

function apply(frame) {
  const { position, data } = frame;
  set(({ frames }) => ({ frames: present(frames, frame) }));
  if (frame.type === "gap") {
    fill(frame);
    return;
  }
  const kind = kindOfFrame(frame);
  if (kind === null) return; // of a later version
  if (isWhole(kind, data)) {
    absorb(kind, data, position);
    return;
  }
  const key = keyOf(kind, data ?? {});
  if (key === undefined) return;
  stale.set(kind === "score" ? "score/list" : `${kind}/${key}`, position);
  readStale();
}

// Read the lists of what a gap left out, unless they were read behind it already.
function fill({ by_type: types, position }) {
  const kinds = [...new Set(Object.keys(types).map((type) => kindOfFrame({ type })))]
    .filter((kind) => kind !== null && !(readTo[kind] >= position));
  if (kinds.length > 0) load(position, kinds);
}

function absorb(kind, row, position) {
  const { list } = KINDS[kind];
  const key = keyOf(kind, row);
  const isNew = !get()[list].has(key);
  set((state) => {
    const table = merge(kind, state[list], [row], position);
    const kept = table.get(key);
    if (kept && isNew) table.set(key, { ...kept, arrivedAt: Date.now() });
    return { [list]: table };
  });
  const kept = get()[list].get(key);
  if (isNew && kept && isOpen(kind, kept)) announce(kind, row);
  refresh(kind, key, position);
}

async function readStale() {
  if (reading) return;
  reading = true;
  try {
    while (stale.size > 0) {
      if (stale.size > STALE_ROWS_MAX) {
        const position = Math.max(...stale.values());
        stale = new Map();
        await load(position);
        return;
      }
      const [[name, position]] = stale;
      stale.delete(name);
      const [kind, key] = name.split("/");
      await readOne(kind, key, position);
    }
  } catch (problem) {
    if (!(problem instanceof api.Problem)) throw problem;
    if (problem.status !== 404 && problem.status !== 401) toast({ tone: "bad", ...problem });
  } finally {
    reading = false;
  }
}

async function readOne(kind, key, position) {
  if (kind === "score") {
    await readScores(position);
    return;
  }
  const answer = await api.read(`${KINDS[kind].path}${encodeURIComponent(key)}/`, { wait_for: position });
  absorb(kind, answer.data, answer.position);
}

// One score cannot be read by itself, so the board is; only what the feed told since stays.
async function readScores(position) {
  const answer = await readList("score", { ...filters(), ...listQueries().score[1], wait_for: position });
  set(({ scores }) => {
    const newer = new Map([...scores].filter(([, row]) => row.at > answer.position));
    return { scores: merge("score", newer, answer.data.items, answer.position) };
  });
}

// What fails in the background is tried again in a while; the person is not told each time.
function unlessProblem(problem) {
  if (!(problem instanceof api.Problem)) throw problem;
}

// After a command of one's own, read one's own write, whether the feed is up or not.
export async function readAfter(kind, key, position) {
  await readOne(kind, key, position ?? undefined).catch(unlessProblem);
}

// ---- health

async function watchHealth() {
  clearTimeout(healthTimer);
  if (!get().session) return;
  let health;
  try {
    health = await api.health();
  } catch {
    health = { status: "unreachable" };
  }
  if (!get().session) return;
  set({ health });
  healthTimer = setTimeout(watchHealth, HEALTH_EVERY_MS);
}
