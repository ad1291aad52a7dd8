// The toasts: what went wrong, with the code to quote to whoever can help, and what went well.
import { dismiss } from "../effects.js";
import { html } from "../lib.js";

export const Toasts = ({ toasts }) => html`<div class="toasts" aria-live="assertive">
  ${toasts.map(({ id, tone, title, detail, code, status, field, count }) => html`
    <div key=${id} class=${`toast ${tone}`} role=${tone === "bad" ? "alert" : "status"}>
      <div><strong>${title}${count > 1 ? ` (${count} times)` : ""}</strong>
        ${detail && html`<p>${detail}</p>`}
        ${code && html`<code>${status ? `${status} · ` : ""}${code}${field ? ` · ${field}` : ""}</code>`}</div>
      <button aria-label="Dismiss" onClick=${() => dismiss(id)}>✕</button>
    </div>`)}
</div>`;
