/* What the page says back: toasts, spoken notes, the error bar, and whether live lists still live. */
(() => {
  "use strict";
  const root = document.documentElement;
  const source = document.getElementById("hms-texts");
  const texts = source ? JSON.parse(source.textContent) : {};
  const say = (name, values = {}) => Object.entries(values)
    .reduce((text, [key, value]) => text.replace(`%(${key})s`, value), texts[name] || name);
  const byId = (id) => document.getElementById(id);
  const copyOf = (id) => byId(id).content.firstElementChild.cloneNode(true);

  /* ---- spoken notes and toasts ---- */
  document.addEventListener("hms:announce", (event) => {
    const { text, ...values } = event.detail;
    const region = byId("hms-announce");
    if (region) region.textContent = say(text, values);
  });

  function fade(toast, seconds = 6) {
    let timer;
    const start = () => { timer = setTimeout(() => toast.remove(), seconds * 1000); };
    for (const name of ["mouseenter", "focusin"]) toast.addEventListener(name, () => clearTimeout(timer));
    for (const name of ["mouseleave", "focusout"]) toast.addEventListener(name, start);
    toast.querySelector("button")?.addEventListener("click", () => toast.remove());
    start();
  }

  function showToast({ text }) {
    const toast = copyOf("hms-toast-template");
    toast.querySelector("[data-hms-text]").textContent = text;
    byId("hms-toasts").append(toast);
    fade(toast);
  }
  document.querySelectorAll(".hms-toast").forEach((toast) => fade(toast, 8));

  /* ---- the error bar ---- */
  const byStatus = { 401: "signed_out", 403: "denied", 404: "gone", 409: "conflict", 410: "gone", 412: "conflict", 423: "denied", 429: "too_many" };

  function showProblem(name, reference) {
    const old = byId("hms-error-bar");
    const bar = copyOf("hms-error-template");
    bar.querySelector("[data-hms-text]").textContent = say(name);
    if (reference) bar.querySelector("small").textContent = say("reference", { id: reference });
    bar.querySelector("button").addEventListener("click", () => bar.remove());
    if (old) old.replaceWith(bar);
    else document.body.append(bar);
  }
  document.addEventListener("hms:problem", (event) => showProblem(event.detail.text));

  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    const { status, headers } = ctx.response;
    if (headers.has("HMS-Locked")) return document.dispatchEvent(new CustomEvent("hms:locked"));
    if (isPoll(ctx)) return pollAnswered(status);
    if (status < 400) {
      byId("hms-error-bar")?.remove();
      const toast = headers.get("HMS-Toast");
      if (toast) showToast(JSON.parse(toast));
    } else if (status !== 422) {
      showProblem(texts[headers.get("HMS-Problem")] ? headers.get("HMS-Problem") : byStatus[status] || (status >= 500 ? "server" : "refused"), headers.get("X-Request-Id"));
    }
  });
  document.addEventListener("htmx:error", (event) => {
    const ctx = event.detail?.ctx;
    if (!ctx) return;
    if (isPoll(ctx)) pollAnswered(0);
    else showProblem("network");
  });

  /* ---- live regions: asked every few seconds while the page is seen ---- */
  const state = byId("hms-live");
  const driven = new WeakSet();
  const isPoll = (ctx) => Boolean(ctx.sourceElement?.dataset?.hmsPoll);
  let last = Date.now();
  let failures = 0;

  const clock = (moment) => new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: root.dataset.zone || undefined }).format(moment);

  function poll(el) {
    const menuOpen = el.querySelector("details[open]") || document.querySelector("dialog[open]");
    if (!document.hidden && !menuOpen) el.dispatchEvent(new Event("hms:poll"));
  }

  function drive() {
    for (const el of document.querySelectorAll("[data-hms-poll]")) {
      if (driven.has(el)) continue;
      driven.add(el);
      const again = () => {
        if (!el.isConnected) return;
        poll(el);
        setTimeout(again, Number(el.dataset.hmsPoll) * 1000 + Math.random() * 1000);
      };
      setTimeout(again, Number(el.dataset.hmsPoll) * 1000 + Math.random() * 1000);
    }
  }

  document.addEventListener("htmx:config:request", (event) => {
    // The server must not take an automatic request for a sign of life.
    if (isPoll(event.detail.ctx)) event.detail.ctx.request.headers["HMS-Poll"] = "1";
  });

  function pollAnswered(status) {
    if (status >= 200 && status < 400) {
      last = Date.now();
      failures = 0;
    } else {
      failures += 1;
    }
    showState();
  }

  function showState() {
    if (!state || !document.querySelector("main [data-hms-poll]")) return;
    const stale = Date.now() - last > 60000 || failures >= 3;
    const text = say(stale ? "stale" : "live", { time: clock(last) });
    const changed = state.hidden ? stale : state.hasAttribute("data-stale") !== stale;
    state.hidden = false;
    if (changed) byId("hms-announce").textContent = text;
    state.toggleAttribute("data-stale", stale);
    if (state.textContent !== text) state.textContent = text;
    const bar = byId("hms-stale");
    bar.hidden = failures < 3;
    root.toggleAttribute("data-frozen", failures >= 3);
    if (failures >= 3) bar.querySelector("[data-hms-text]").textContent = say("stale_long", { time: clock(last) });
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) document.querySelectorAll("[data-hms-poll]").forEach(poll);
  });
  document.addEventListener("htmx:after:swap", drive);
  setInterval(showState, 5000);
  drive();
  showState();
})();
