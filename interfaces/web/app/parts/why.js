// The why: what something goes back to, from the raw signals up, and what it led to.
//
// The server follows the causes in the log; here they are only put into an order to read.
import * as api from "../api.js";
import { onRefresh } from "../effects.js";
import { html, useEffect, useState } from "../lib.js";
import { ago, full } from "../time.js";
import { actorName, reasonText, rounded, words } from "../words.js";
import { siteName, zoneOf } from "./cards.js";
import { Jump } from "./evidence.js";

const SHOWN_FIRST = 25; // of one step; the rest on demand
const LATE_FROM_MS = 5 * 60 * 1000; // between when a signal was and when it came
const ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const STREAM = new RegExp(`^(ticket|alert|finding|incident|anomaly)-(${ID})$`);

function useExplanation(kind, id) {
  const [answer, setAnswer] = useState({});
  useEffect(() => {
    let current = true;
    const fetchIt = () => api.read(`explain/${kind}/${encodeURIComponent(id)}/`).then(
      ({ data }) => current && setAnswer({ data }),
      (problem) => {
        if (!(problem instanceof api.Problem)) throw problem;
        if (current) setAnswer({ problem });
      },
    );
    fetchIt();
    const forget = onRefresh((changed, key) => changed === kind && key === id && fetchIt());
    return () => {
      current = false;
      forget();
    };
  }, [kind, id]);
  return answer;
}

const LISTS_OF_IDS = /^(signals|received|because|evidence|bound|item_ids)$/;
const IS_TIME = /^\d{4}-\d\d-\d\dT/;
const IS_CODE = /^[A-Za-z]+(_[A-Za-z]+)*$/;

function plainly(value, zone) {
  if (typeof value === "number") return String(rounded(value));
  if (IS_TIME.test(value)) return full(value, zone);
  return IS_CODE.test(value) ? words(String(value)) : String(value);
}

// Nested numbers, one a line: "measured mean", "features velocity km/h".
function flattened(data, zone, prefix = "") {
  return Object.entries(data).flatMap(([name, value]) => {
    if (value === null || value === "" || /(_id|_key|_digest)$/.test(name)) return [];
    const label = `${prefix}${name}`;
    if (Array.isArray(value)) {
      if (value.length === 0) return [];
      const inWords = !LISTS_OF_IDS.test(name) && value.every((each) => typeof each !== "object" || each.text);
      return [[label, inWords ? value.map(reasonText).join(", ") : `${value.length}`]];
    }
    if (typeof value === "object") return flattened(value, zone, `${label}_`);
    return [[label, plainly(value, zone)]];
  });
}

const Numbers = ({ data, zone }) => {
  const all = flattened(data, zone);
  return all.length > 0 && html`<details><summary>Numbers</summary><dl class="facts">${all.map(([name, value]) => html`
    <div key=${name}><dt>${words(name)}</dt><dd>${value}</dd></div>`)}</dl></details>`;
};

const isSignal = ({ stream_id: stream }) => stream.startsWith("signal-");

function lateBy(fact) {
  const delay = new Date(fact.recorded_at) - new Date(fact.occurred_at);
  return isSignal(fact) && delay >= LATE_FROM_MS ? ago(fact.occurred_at, new Date(fact.recorded_at)) : null;
}

function Fact({ fact, own, late, state, siteId }) {
  const [, kind, id] = STREAM.exec(fact.stream_id) ?? [];
  const said = fact.words.charAt(0).toUpperCase() + fact.words.slice(1);
  const delay = lateBy(fact);
  const zone = zoneOf(state, fact.site_id ?? siteId);
  return html`<li class=${own ? "is-own" : ""}>
    <p class="chain-words">${id && !own ? html`<${Jump} kind=${kind} id=${id}>${said}<//>` : said}</p>
    <p class="chain-foot"><span>${words(fact.type)}</span>
      <time datetime=${fact.occurred_at}>${full(fact.occurred_at, zone)}</time>
      ${fact.site_id && html`<span>${siteName(state, fact.site_id)}</span>`}
      ${!isSignal(fact) && html`<span>${actorName(fact.actor)}</span>`}
      ${(delay || late) && html`<span class="late">${delay ? `Late: came ${delay} after it happened` : "Late"}</span>`}
      <code>#${fact.position}${fact.caused_by ? ` because of #${fact.caused_by}` : ""}</code></p>
    <${Numbers} data=${fact.data} zone=${zone} />
  </li>`;
}

function Step({ title, facts, ...rest }) {
  const [all, showAll] = useState(false);
  if (facts.length === 0) return null;
  const shown = all ? facts : facts.slice(0, SHOWN_FIRST);
  return html`<h3>${title} (${facts.length})</h3>
    <ol class="chain">${shown.map((fact) => html`
      <${Fact} key=${fact.position} fact=${fact} late=${rest.late.has(fact.position)} ...${rest.common} own=${rest.own} />`)}</ol>
    ${shown.length < facts.length && html`<p class="more">
      <button onClick=${() => showAll(true)}>Show the other ${facts.length - shown.length}</button></p>`}`;
}

export function Why({ kind, id, state }) {
  const { data, problem } = useExplanation(kind, id);
  if (problem) {
    return html`<p class="problem" role="alert"><strong>${problem.title}</strong> ${problem.detail} <code>${problem.code}</code></p>`;
  }
  if (!data) return html`<p class="empty">Following the causes in the log …</p>`;
  const { story, because, led_to: ledTo, ties, complete } = data;
  const late = new Set(ties.filter(({ relation }) => relation === "late").map(({ to }) => to));
  const common = { state, siteId: story[0]?.site_id };
  const signals = because.filter(isSignal);
  return html`<div class="why-chain">
    <${Step} title="Raw signals" facts=${signals} late=${late} common=${common} />
    <${Step} title=${signals.length > 0 ? "What was made of them" : "What it goes back to"}
      facts=${because.filter((fact) => !isSignal(fact))} late=${late} common=${common} />
    <${Step} title=${`This ${kind}`} facts=${story} late=${late} common=${common} own=${true} />
    <${Step} title="What it led to" facts=${ledTo} late=${late} common=${common} />
    ${!complete && html`<p class="empty">There is more than can be shown here.</p>`}
  </div>`;
}
