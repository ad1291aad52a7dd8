// The cards: a ticket, an alert, a score, each as one thing that can be focused and acted on.
import { invoke, nextStep } from "../commands.js";
import { html } from "../lib.js";
import { Severity } from "../marks.js";
import { get, setNow } from "../store.js";
import { ALERT_FROM, keyOf, lastSeen } from "../tables.js";
import { Ago, BROWSER_ZONE, clock, full } from "../time.js";
import { actorName, isUsual, percent, reasonText, words } from "../words.js";

const NEW_FOR_MS = 4000;

export const zoneOf = ({ zone, sites }, siteId) =>
  (zone === "site" && sites.get(siteId)?.time_zone) || BROWSER_ZONE;
// The zone of the header's clock: the chosen site's, or the browser's.
export const wallZone = (state) => zoneOf(state, state.siteId);
export const siteName = ({ sites }, siteId) => sites.get(siteId)?.name ?? siteId;

function Card({ kind, row, state, className = "", label, children }) {
  const id = keyOf(kind, row);
  const { selection } = state;
  const selected = selection?.kind === kind && selection.id === id;
  const choose = () => {
    const now = get().selection;
    if (now?.kind !== kind || now.id !== id) setNow({ selection: { kind, id } });
  };
  const fresh = row.arrivedAt && Date.now() - row.arrivedAt < NEW_FOR_MS;
  return html`<li>
    <article class=${`card ${className} ${selected ? "selected" : ""} ${fresh ? "fresh" : ""}`}
      data-card=${`${kind}/${id}`} tabindex="0" aria-label=${label} aria-current=${selected}
      onFocus=${choose} onDblClick=${() => setNow({ drawerOpen: true })}>
      ${children}
    </article>
  </li>`;
}

function Next({ kind, row }) {
  const command = nextStep(kind, row);
  if (!command) return null;
  const act = (event) => {
    event.stopPropagation();
    invoke(command, row);
  };
  return html`<button class="next" onClick=${act} tabindex="-1"
    aria-label=${`${command.label}: ${row.title}`}>${command.label} <kbd>${command.key}</kbd></button>`;
}

// The person's number must not break over two lines; it is what is said over the radio.
function marked(title, person) {
  const at = person ? title.indexOf(person) : -1;
  return at < 0 ? title : html`${title.slice(0, at)}<span class="unbroken">${person}</span>${
    title.slice(at + person.length)}`;
}

const Title = ({ row: { title, person_id: person }, children }) =>
  html`<h3>${children}${marked(title, person)}</h3>`;

const Place = ({ state, row }) => html`<p class="place">
  ${row.site_id && html`<span title=${row.site_id}>${siteName(state, row.site_id)}</span>`}
  ${row.person_id && !row.title?.includes(row.person_id) && html`<span class="person">${row.person_id}</span>`}
</p>`;

export function TicketCard({ row, state }) {
  const zone = zoneOf(state, row.site_id);
  const { severity, priority, status, title, assignee, repeat_count: repeats } = row;
  return html`<${Card} kind="ticket" row=${row} state=${state}
    className=${`edge-${severity} ${status === "ON_HOLD" ? "on-hold" : ""}`}
    label=${`${words(severity)} ticket: ${title}, ${words(status)}${assignee ? `, ${assignee}` : ""}`}>
    <div class="card-top">
      <${Severity} severity=${severity} />
      <${Ago} at=${row.opened_at} zone=${zone} />
    </div>
    <${Title} row=${row}>
      ${!isUsual(row) && html`<span class=${`pill priority-${priority}`}>${words(priority)}</span> `}
      ${repeats > 0 && html`<span class="pill" title="How often it happened">×${repeats + 1}</span> `}
    <//>
    <${Place} state=${state} row=${row} />
    <div class="card-foot">
      <span class=${assignee ? "assignee" : "assignee nobody"}>
        ${status === "ON_HOLD" ? "On hold · " : ""}${assignee ?? "Nobody"}</span>
      <${Next} kind="ticket" row=${row} />
    </div>
  <//>`;
}

export function AlertCard({ row, state }) {
  const zone = zoneOf(state, row.site_id);
  const { severity, status, title, count, score } = row;
  return html`<${Card} kind="alert" row=${row} state=${state}
    className=${`edge-${severity} ${status === "OPEN" ? "" : "acknowledged"}`}
    label=${`${words(severity)} alert: ${title}, ${words(status)}`}>
    <div class="card-top">
      <${Severity} severity=${severity} />
      <span class="pill" title="Likelihood of the newest evidence">${percent(score)} %</span>
      ${count > 1 && html`<span class="pill" title="How often it happened">×${count}</span>`}
      <${Ago} at=${lastSeen(row)} zone=${zone} />
    </div>
    <${Title} row=${row} />
    <${Place} state=${state} row=${row} />
    <div class="card-foot">
      <span class="assignee">${status === "OPEN" ? "New" : `Seen: ${actorName(row.acknowledged_by)}`}</span>
      <${Next} kind="alert" row=${row} />
    </div>
  <//>`;
}

export function ScoreCard({ row, state }) {
  const { probability, reasons = [], fraud_type: type } = row;
  const alarming = probability >= ALERT_FROM;
  return html`<${Card} kind="score" row=${row} state=${state}
    className=${`score ${alarming ? "edge-HIGH" : "edge-MEDIUM"}`}
    label=${`Fraud score ${percent(probability)} of 100: ${words(type)}, ${row.person_id}`}>
    <span class=${`probability ${alarming ? "alarming" : ""}`}>${percent(probability)}</span>
    <div class="score-words">
      <div class="card-top"><b>${words(type)}</b><${Ago} at=${row.scored_at} zone=${zoneOf(state, row.site_id)} /></div>
      <${Place} state=${state} row=${row} />
      <p class="reasons" title=${reasons.map(reasonText).join("\n")}>${reasons[0] ? reasonText(reasons[0]) : ""}</p>
    </div>
  <//>`;
}

const EVENT_TONES = { opened: "raised", raised: "raised", resolved: "done", closed: "done" };

export function FrameRow({ frame, state }) {
  const { type, event, recorded_at: at, site_id: site, data = {} } = frame;
  const known = type === "ticket" ? state.tickets.get(data.ticket_id)
    : type === "alert" ? state.alerts.get(data.alert_id) : null;
  const { title, severity } = { ...known, ...data };
  const what = title ?? (type === "score" ? `${words(data.fraud_type)} · ${data.person_id}` : data.person_id ?? "");
  const tone = EVENT_TONES[event?.split(".").at(-1)] ?? "";
  return html`<li class=${`frame frame-${type} ${tone}`}>
    <time datetime=${at} title=${full(at, zoneOf(state, site))}>${clock(at, wallZone(state))}</time>
    <span class="frame-what">
      <b>${words(event ?? type)}</b>
      ${severity && html`<span class=${`frame-severity severity-${severity}`}>${words(severity)}</span>`}
      ${typeof data.probability === "number" && html`<span class="pill">${percent(data.probability)} %</span>`}
      <span class="frame-title">${marked(what, data.person_id)}</span>
    </span>
    <span class="frame-place">${site ? siteName(state, site) : ""}</span>
  </li>`;
}
