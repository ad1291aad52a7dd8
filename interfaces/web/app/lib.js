// The one place that names the vendored library and its version.
export {
  Component, html, render, useEffect, useLayoutEffect, useMemo, useRef, useState,
} from "/assets/vendor/htm-3.1.1/standalone.module.js";
