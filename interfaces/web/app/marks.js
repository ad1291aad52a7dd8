// The marks: severities and events differ by shape and by word, not by colour alone.
import { html } from "./lib.js";
import { words } from "./words.js";

const SHAPES = {
  CRITICAL: html`<path d="M8 1h8l7 7v8l-7 7H8l-7-7V8z" /><path class="hole" d="M12 5.5v8M12 17v1.5" />`,
  HIGH: html`<path d="M12 1.5 23.5 22H.5z" /><path class="hole" d="M12 8.5v6M12 17.5v1.2" />`,
  MEDIUM: html`<path d="M12 1 23 12 12 23 1 12z" />`,
  LOW: html`<circle cx="12" cy="12" r="9" />`,
  INFO: html`<circle class="hollow" cx="12" cy="12" r="8" />`,
};

export const SeverityMark = ({ severity }) => html`
  <svg class=${`mark severity-${severity}`} viewBox="0 0 24 24" aria-hidden="true">
    ${SHAPES[severity] ?? SHAPES.INFO}
  </svg>`;

export const Severity = ({ severity }) => html`
  <span class=${`severity severity-${severity}`}>
    <${SeverityMark} severity=${severity} />${words(severity)}
  </span>`;

export const Logo = () => html`
  <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
    <path d="M6 7.5l10 18 10-18" /><circle cx="16" cy="9.5" r="3.6" />
  </svg>`;
