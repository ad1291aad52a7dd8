// The header: the numbers that matter, the time, and whether what is shown is live.
import { html } from "../lib.js";
import { Logo, SeverityMark } from "../marks.js";
import { wallZone } from "./cards.js";
import { begin, logout, retryNow } from "../sync.js";
import { setNow } from "../store.js";
import { Clock, clock, useTick } from "../time.js";
import { KINDS } from "../tables.js";
import { VIEWS, showView } from "../views.js";
import { OPEN_STATUSES, SEVERITIES } from "../words.js";

const count = (rows, test) => rows.reduce((sum, row) => sum + Number(test(row)), 0);

function Figure({ label, value, more, tone, severity }) {
  return html`<div class=${`figure ${value > 0 && tone ? tone : ""}`}>
    <dt>${severity && html`<${SeverityMark} severity=${severity} />`}${label}</dt>
    <dd>${value}${more ? "+" : ""}</dd>
  </div>`;
}

function Figures({ tickets, alerts, more, loadedAt }) {
  if (!loadedAt) return html`<dl class="figures" aria-hidden="true"></dl>`;
  const rows = [...tickets.values()].filter((row) => OPEN_STATUSES.includes(row.status));
  const cut = OPEN_STATUSES.some((status) => more[`ticket/${status}`]);
  return html`<dl class="figures" aria-label="Open work">
    <${Figure} label="Critical" severity="CRITICAL" tone="is-critical" more=${cut}
      value=${count(rows, (row) => row.severity === "CRITICAL")} />
    <${Figure} label="High" severity="HIGH" tone="is-high" more=${cut}
      value=${count(rows, (row) => row.severity === "HIGH")} />
    <${Figure} label="Unassigned" tone="is-waiting" more=${more["ticket/NEW"]}
      value=${count(rows, (row) => !row.assignee)} />
    <${Figure} label="Open tickets" value=${rows.length} more=${cut} />
    <${Figure} label="New alerts" value=${count([...alerts.values()], (row) => row.status === "OPEN")}
      more=${more["alert/OPEN"]} />
  </dl>`;
}

const LAG_SHOWN_FROM_S = 2;

const lagOf = (health) => Math.max(0, ...(health?.components ?? []).map(({ lag_s: lag }) => lag ?? 0));

function stateOf({ connection, health, loading }) {
  if (connection.status === "live" && loading) return ["note", "Loading"];
  if (connection.status !== "live") return ["bad", connection.since ? "Not live" : "Connecting"];
  const lag = lagOf(health);
  if (lag >= LAG_SHOWN_FROM_S) return ["note", `${Math.round(lag)} s behind`];
  if (health && health.status !== "ok") return ["note", `Live, ${health.status}`];
  return ["good", "Live"];
}

function Connection({ state }) {
  const { connection, health } = state;
  const [tone, label] = stateOf(state);
  const trip = connection.roundTripMs === null ? "" : `${Math.max(1, Math.round(connection.roundTripMs))} ms`;
  const parts = (health?.components ?? []).map(({ name, state: standing, detail, lag_s: lag }) =>
    `${name}: ${standing}${lag ? `, ${lag} s behind` : ""}${detail ? `. ${detail}` : ""}`);
  return html`<div class=${`connection ${tone}`} title=${parts.join("\n")} role="status" data-status=${connection.status}>
    <span class="dot" aria-hidden="true"></span>
    <span class="connection-text"><b>${label}</b>
      <span class="connection-position">
        ${connection.position === null ? "" : `#${connection.position.toLocaleString("en-GB").replaceAll(",", " ")}`}
        ${trip && ` · ${trip}`}
      </span>
    </span>
  </div>`;
}

// Over the lists, in words that cannot be missed: what you see is old.
export function StaleBar({ connection }) {
  const wait = useTick(() => connection.retryAt === null ? null
    : Math.max(0, Math.ceil((connection.retryAt - Date.now()) / 1000)));
  const held = useTick(() => connection.status !== "live" && connection.since !== null
    && Date.now() - connection.since > 1200);
  if (connection.status === "live" || !held) return null;
  return html`<div class="stale-bar" role="alert">
    <b>Not live.</b> What you see is from ${clock(connection.since)}.
    ${connection.status === "offline"
      ? " The feed is not open to you; reload the page to see what changed."
      : html`${connection.status === "connecting" ? " Connecting …" : ` Trying again in ${wait ?? 0} s.`}
        <button onClick=${retryNow}>Try now</button>`}
  </div>`;
}

// The switch between the views, each with how many of its things are open, and the worst of them.
export function Views({ state }) {
  return html`<nav class="views" aria-label="Views">
    ${VIEWS.map(({ name, key, title, counts }) => {
    const { list, open } = KINDS[counts];
    // A resolved ticket is on the board still, but waits for nobody.
    const rows = [...state[list].values()].filter(({ status }) => status !== "RESOLVED" && open.includes(status));
    const worst = SEVERITIES.find((severity) => rows.some((row) => row.severity === severity));
    const more = open.some((status) => state.more[`${counts}/${status}`]);
    return html`<button key=${name} aria-current=${state.view === name ? "page" : undefined} onClick=${() => showView(name)}>
      ${title} ${state.loadedAt && html`<b class=${rows.length > 0 ? `severity-${worst}` : ""}>${rows.length}${more ? "+" : ""}</b>`}
      <kbd>⇧${key}</kbd></button>`;
  })}
  </nav>`;
}

export function Header({ state }) {
  const { session, sites, siteId, text, zone, sound } = state;
  const choose = (event) => {
    setNow({ siteId: event.target.value, selection: null, drawerOpen: false });
    begin();
  };
  return html`<header class="top">
    <div class="brand"><${Logo} />
      <div><h1>Vedette</h1><span>${session.tenant}</span></div>
    </div>
    <${Figures} ...${state} />
    <div class="tools">
      <label class="sr-only" for="search">Search</label>
      <input id="search" type="search" placeholder="Search  /" value=${text} autocomplete="off"
        onInput=${(event) => setNow({ text: event.target.value })} />
      <label class="sr-only" for="site">Site</label>
      <select id="site" value=${siteId} onChange=${choose}>
        <option value="">All sites</option>
        ${[...sites.values()].map(({ site_id, name }) => html`
          <option key=${site_id} value=${site_id}>${name ?? site_id}</option>`)}
      </select>
      <div class="switches">
        <button aria-pressed=${sound} title="Sound for new critical and high (v)"
          onClick=${() => setNow({ sound: !sound })}>Sound ${sound ? "on" : "off"}</button>
        <button title="Zone of the times shown (z)"
          onClick=${() => setNow({ zone: zone === "site" ? "browser" : "site" })}>
          ${zone === "site" ? "Site time" : "My time"}</button>
        <button title="Keys (?)" aria-label="Help, keys" onClick=${() => setNow({ dialog: { help: true } })}>?</button>
        <span class="who" title=${session.user.roles.join(", ")}>${session.user.name || session.user.username}</span>
        <button onClick=${() => logout()}>Log out</button>
      </div>
    </div>
    <${Connection} state=${state} />
    <${Clock} zone=${wallZone(state)} />
  </header>`;
}
