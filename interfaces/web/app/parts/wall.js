// The wall: alerts, the ticket board, fraud scores and the feed side by side, or one list and the feed.
import { html } from "../lib.js";
import { get } from "../store.js";
import { loadMore, togglePast } from "../sync.js";
import { KINDS, column, inOrder, keyOf, matches } from "../tables.js";
import { VIEWS, openDrawer } from "../views.js";
import { COLUMNS } from "../words.js";
import { AlertCard, FrameRow, ScoreCard, TicketCard, WideCard } from "./cards.js";

const CARDS_DRAWN_MAX = 100; // of one column; the count says how many there are

function Column({ name, title, kind, rows, empty, more, state, card: CardOf, tool }) {
  const { text, loadedAt } = state;
  const found = rows.filter((row) => matches(kind, row, text));
  return html`<section class=${`column column-${name}`} aria-labelledby=${`title-${name}`}>
    <h2 id=${`title-${name}`}>${title}${tool}
      <span class="count">${text ? `${found.length} of ` : ""}${rows.length}${more.length > 0 ? "+" : ""}</span></h2>
    <ul data-column=${name} tabindex="-1">
      ${found.slice(0, CARDS_DRAWN_MAX).map((row) => html`<${CardOf} key=${keyOf(kind, row)} kind=${kind} row=${row} state=${state} />`)}
      ${found.length === 0 && html`<li class="empty">
        ${!loadedAt ? "Loading …" : text ? "Nothing here matches the search." : empty}</li>`}
      ${more.length > 0 && html`<li class="more">
        <button onClick=${() => more.forEach(loadMore)}>Load more</button></li>`}
    </ul>
  </section>`;
}

const moreOf = (state, kind, statuses) =>
  statuses.map((status) => `${kind}/${status}`).filter((name) => state.more[name]);

function Board({ state }) {
  return html`<div class="board" role="group" aria-label="Tickets">
    ${COLUMNS.map((described) => html`<${Column} key=${described.name} ...${described} kind="ticket"
      rows=${column(state.tickets, described)} more=${moreOf(state, "ticket", described.statuses)}
      state=${state} card=${TicketCard} />`)}
  </div>`;
}

function Feed({ state }) {
  const { frames } = state;
  return html`<section class="column feed" aria-labelledby="title-feed">
    <h2 id="title-feed">Live feed</h2>
    <ol>
      ${frames.map((frame) => html`<${FrameRow} key=${frame.position} frame=${frame} state=${state} />`)}
      ${frames.length === 0 && html`<li class="empty">Quiet. What happens from now on appears here.</li>`}
    </ol>
  </section>`;
}

function List({ view: { name, title, kind, empty }, state }) {
  const { list, open, over } = KINDS[kind];
  const { past } = state;
  const tool = html`<button class="past" aria-pressed=${past} onClick=${togglePast}>
    ${past ? "Open and over" : "Open"} <kbd>b</kbd></button>`;
  return html`<${Column} name=${name} title=${title} kind=${kind} tool=${tool} empty=${empty}
    rows=${inOrder(kind, state[list], past)} more=${moreOf(state, kind, past ? [...open, ...over] : open)}
    state=${state} card=${WideCard} />`;
}

const Tickets = ({ state }) => html`
  <div class="side">
    <${Column} name="ALERTS" title="Alerts" kind="alert" rows=${inOrder("alert", state.alerts)}
      empty="No open alerts." more=${moreOf(state, "alert", KINDS.alert.open)} state=${state} card=${AlertCard} />
  </div>
  <${Board} state=${state} />
  <div class="side right">
    <${Column} name="SCORES" title="Fraud scores" kind="score" rows=${inOrder("score", state.scores)}
      empty="No attendance scored 50 or above." more=${[]} state=${state} card=${ScoreCard} />
    <${Feed} state=${state} />
  </div>`;

// A click on the selected card opens it; the first one selects.
function open({ target }) {
  if (target.closest("button")) return;
  if (target.closest("[data-card]")?.classList.contains("selected")) openDrawer(get().selection);
}

export function Wall({ state }) {
  const view = VIEWS.find(({ name }) => name === state.view);
  const stale = state.connection.status === "live" ? "" : "is-stale";
  return html`<main class=${`wall ${view.kind ? "wall-list" : ""} ${state.drawerOpen ? "beside" : ""} ${stale}`} onClick=${open}>
    ${view.kind
    ? html`<${List} key=${view.name} view=${view} state=${state} /><div class="side"><${Feed} state=${state} /></div>`
    : html`<${Tickets} state=${state} />`}
  </main>`;
}
