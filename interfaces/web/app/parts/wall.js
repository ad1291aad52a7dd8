// The wall: alerts, the ticket board, fraud scores and the feed, side by side.
import { html } from "../lib.js";
import { setNow } from "../store.js";
import { loadMore } from "../sync.js";
import { alertsInOrder, column, matches, scoresInOrder } from "../tables.js";
import { COLUMNS } from "../words.js";
import { AlertCard, FrameRow, ScoreCard, TicketCard } from "./cards.js";

const CARDS_DRAWN_MAX = 100; // of one column; the count says how many there are

function Column({ name, title, rows, empty, more, state, card: CardOf, keyName }) {
  const { text, loadedAt } = state;
  const found = rows.filter((row) => matches(row, text));
  return html`<section class=${`column column-${name}`} aria-labelledby=${`title-${name}`}>
    <h2 id=${`title-${name}`}>${title}
      <span class="count">${text ? `${found.length} of ` : ""}${rows.length}${more.length > 0 ? "+" : ""}</span></h2>
    <ul data-column=${name} tabindex="-1">
      ${found.slice(0, CARDS_DRAWN_MAX).map((row) => html`<${CardOf} key=${row[keyName]} row=${row} state=${state} />`)}
      ${found.length === 0 && html`<li class="empty">
        ${!loadedAt ? "Loading …" : text ? "Nothing here matches the search." : empty}</li>`}
      ${more.length > 0 && html`<li class="more">
        <button onClick=${() => more.forEach(loadMore)}>Load more</button></li>`}
    </ul>
  </section>`;
}

const moreOf = (state, names) => names.filter((name) => state.more[name]);

function Board({ state }) {
  return html`<div class="board" role="group" aria-label="Tickets">
    ${COLUMNS.map((described) => html`<${Column} key=${described.name} ...${described}
      rows=${column(state.tickets, described)} more=${moreOf(state, described.statuses)}
      state=${state} card=${TicketCard} keyName="ticket_id" />`)}
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

export function Wall({ state }) {
  const open = ({ target }) => {
    if (target.closest("button")) return;
    if (target.closest("[data-card]")?.classList.contains("selected")) setNow({ drawerOpen: true });
  };
  return html`<main class=${`wall ${state.connection.status === "live" ? "" : "is-stale"}`} onClick=${open}>
    <div class="side">
      <${Column} name="ALERTS" title="Alerts" rows=${alertsInOrder(state.alerts)}
        empty="No open alerts." more=${moreOf(state, ["OPEN", "ACKNOWLEDGED"])} state=${state}
        card=${AlertCard} keyName="alert_id" />
    </div>
    <${Board} state=${state} />
    <div class="side right">
      <${Column} name="SCORES" title="Fraud scores" rows=${scoresInOrder(state.scores)}
        empty="No attendance scored 50 or above." more=${[]} state=${state}
        card=${ScoreCard} keyName="attendance" />
      <${Feed} state=${state} />
    </div>
  </main>`;
}
