// The live side: one WebSocket that resumes where it was, and says so when it cannot.
//
// The feed's frames are a chain: each names the position of the one before it, the first one that of
// the snapshot. A frame whose `previous` is not what was seen last proves a loss, and the lists are
// loaded again. A gap is a link of the chain as well: the feed says itself what it left out.
const PROTOCOL = "vedette.v1";
const SILENCE_MAX_MS = 40_000; // the server sends a heartbeat every 15 s
const PING_EVERY_MS = 20_000;
const RETRY_FIRST_MS = 400;
const RETRY_MAX_MS = 15_000;
const STEADY_AFTER_MS = 10_000; // only a connection that held begins its retries afresh
const CLOSED = { unauthenticated: 4401, forbidden: 4403, malformed: 4400, resync: 4409 };

export class Feed {
  // `handlers`: snapshot(position), frame(frame), lost(why), status(status, details),
  // heard(position), roundTrip(ms), denied(unauthenticated, reason), problem({ code, detail }).
  constructor(handlers) {
    this.handlers = handlers;
    this.socket = null;
    this.seen = null; // position of the last snapshot or frame; resuming starts behind it
    this.attempts = 0;
    this.timers = { retry: null, ping: null, silence: null };
    this.wake = () => this.retryNow();
  }

  start({ token, siteIds = [] }) {
    this.stop();
    Object.assign(this, { token, siteIds, seen: null, attempts: 0, wanted: true });
    window.addEventListener("online", this.wake);
    this.connect();
  }

  stop() {
    this.wanted = false;
    window.removeEventListener("online", this.wake);
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.drop();
  }

  retryNow() {
    if (!this.wanted || this.socket) return;
    clearTimeout(this.timers.retry);
    this.connect();
  }

  address() {
    const url = new URL("/ws/noc/dashboard/", window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    if (this.seen !== null) url.searchParams.set("after", this.seen);
    for (const site of this.siteIds) url.searchParams.append("site_id", site);
    return url;
  }

  connect() {
    this.liveSince = null;
    this.handlers.status("connecting");
    const socket = new WebSocket(this.address(), [PROTOCOL, `vedette.bearer.${this.token}`]);
    this.socket = socket;
    socket.onmessage = ({ data }) => {
      if (socket === this.socket) this.receive(data);
    };
    socket.onclose = ({ code, reason }) => {
      if (socket === this.socket) this.closed(code, reason);
    };
    this.expectASign();
  }

  // Forget the socket first: a late event of a socket that was given up must not count.
  drop() {
    const socket = this.socket;
    this.socket = null;
    clearInterval(this.timers.ping);
    clearTimeout(this.timers.silence);
    if (socket && socket.readyState <= WebSocket.OPEN) socket.close();
  }

  expectASign() {
    clearTimeout(this.timers.silence);
    this.timers.silence = setTimeout(() => {
      this.drop();
      this.retryLater();
    }, SILENCE_MAX_MS);
  }

  live() {
    this.liveSince = Date.now();
    this.handlers.status("live");
    clearInterval(this.timers.ping);
    this.timers.ping = setInterval(() => this.ping(), PING_EVERY_MS);
    this.ping();
  }

  ping() {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.pingedAt = performance.now();
    this.socket.send(JSON.stringify({ type: "ping" }));
  }

  receive(text) {
    this.expectASign();
    if (this.liveSince === null) this.live();
    const frame = JSON.parse(text);
    switch (frame.type) {
      case "snapshot":
        if (this.seen === null) {
          this.seen = frame.position;
          this.handlers.snapshot(frame.position);
        }
        this.handlers.heard(frame.position);
        return;
      case "heartbeat":
        this.handlers.heard(frame.position);
        return;
      case "pong":
        this.handlers.roundTrip(performance.now() - this.pingedAt);
        return;
      case "error":
        this.handlers.problem(frame);
        return;
      case "resync_required":
        this.restart("The feed ran ahead of this page.");
        return;
      default:
        this.accept(frame);
    }
  }

  accept(frame) {
    // Before the snapshot nothing counts; a frame without its link is of a later version.
    if (this.seen === null || frame.previous === undefined) return;
    if (frame.position <= this.seen) return; // told before
    if (frame.previous !== this.seen) {
      this.restart("A frame of the feed is missing.");
      return;
    }
    this.seen = frame.position;
    this.handlers.heard(frame.position);
    this.handlers.frame(frame);
  }

  // What was seen is worthless: begin again with a snapshot, which loads the lists.
  restart(why) {
    this.seen = null;
    this.handlers.lost(why);
    this.drop();
    this.retryLater();
  }

  closed(code, reason) {
    this.drop();
    if (code === CLOSED.unauthenticated || code === CLOSED.forbidden) {
      this.wanted = false;
      this.handlers.status("offline");
      this.handlers.denied(code === CLOSED.unauthenticated, reason);
      return;
    }
    if (code === CLOSED.resync || code === CLOSED.malformed) {
      this.seen = null;
      this.handlers.lost(reason || "The feed asked for a new beginning.");
    }
    this.retryLater();
  }

  retryLater() {
    if (!this.wanted) return;
    if (this.liveSince !== null && Date.now() - this.liveSince > STEADY_AFTER_MS) this.attempts = 0;
    const ceiling = Math.min(RETRY_FIRST_MS * 2 ** this.attempts, RETRY_MAX_MS);
    this.attempts += 1;
    // Jitter, so that a thousand screens do not come back in the same instant.
    const waitMs = ceiling * (0.5 + Math.random() / 2);
    clearTimeout(this.timers.retry);
    this.timers.retry = setTimeout(() => this.connect(), waitMs);
    this.handlers.status("waiting", { retryAt: Date.now() + waitMs });
  }
}
