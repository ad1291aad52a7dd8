// The views: what the page can show in its middle, and moving between them and the drawer.
import { setNow } from "./store.js";

// `key` is pressed with Shift. A view with a kind is one list; the others are boards of their own.
export const VIEWS = [
  { name: "TICKETS", key: "T", title: "Tickets", counts: "ticket" },
  { name: "ALERTS", key: "A", title: "Alerts", counts: "alert", kind: "alert", empty: "No open alerts." },
  { name: "FINDINGS", key: "F", title: "Findings", counts: "finding", kind: "finding", empty: "Every duty was done, as far as is known." },
  { name: "INCIDENTS", key: "I", title: "Incidents", counts: "incident", kind: "incident", empty: "Nothing that belongs together is open." },
  { name: "ANOMALIES", key: "N", title: "Anomalies", counts: "anomaly", kind: "anomaly", empty: "Nothing is far from what is usual." },
];

export const showView = (name) => setNow({ view: name, selection: null, drawerOpen: false });

export const openDrawer = (selection, shows = "details") =>
  setNow({ selection, drawerOpen: true, drawerShows: shows });
export const shutDrawer = () => setNow({ drawerOpen: false, drawerShows: "details" });
