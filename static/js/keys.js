/* Shortcuts from the page's list of keys, and moving through rows. */
(() => {
  "use strict";
  const source = document.getElementById("hms-keys");
  const scopes = new Map((source ? JSON.parse(source.textContent) : []).map((row) => [row.key, row.scope]));
  const LISTS = "[data-hms-rows], [data-hms-grid]";

  const isTyping = (el) => el.matches?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

  function nameOf(event) {
    let key = { Escape: "Esc", " ": "Space" }[event.key] || event.key;
    const shifted = event.shiftKey && (key.length > 1 || key.toLowerCase() !== key.toUpperCase());
    if (key.length === 1) key = key.toUpperCase();
    return [(event.ctrlKey || event.metaKey) && "Ctrl", event.altKey && "Alt", shifted && "Shift", key]
      .filter(Boolean).join(" ");
  }

  function mayUse(name, event) {
    const scope = scopes.get(name);
    if (!scope) return false;
    const single = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (single && (isTyping(event.target) || document.documentElement.dataset.singleKeys === "off")) return false;
    return scope !== "list" || Boolean(event.target.closest?.(LISTS));
  }

  function controlFor(name, from) {
    const places = [from.closest?.("tr, [data-hms-row]"), document.querySelector("dialog[open]") || document];
    for (const place of places) {
      for (const el of place?.querySelectorAll("[data-hms-key]") || []) {
        const usable = !el.disabled && el.getAttribute("aria-disabled") !== "true" && el.getClientRects().length;
        if (usable && el.dataset.hmsKey.split(",").includes(name)) return el;
      }
    }
    return null;
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const name = nameOf(event);
    const control = mayUse(name, event) && controlFor(name, event.target);
    if (control) {
      event.preventDefault();
      if (isTyping(control)) control.focus();
      else control.click();
    } else if (name === "Ctrl Enter" && event.target.form?.method === "post") {
      event.preventDefault();
      event.target.form.requestSubmit(event.target.form.querySelector("[type=submit]"));
    } else {
      move(event);
    }
  });

  function move(event) {
    const list = event.target.closest?.("[data-hms-rows]");
    if (!list || isTyping(event.target) || event.ctrlKey || event.altKey || event.metaKey) return;
    const links = [...list.querySelectorAll(".hms-row-link")].filter((link) => link.getClientRects().length);
    const row = event.target.closest(".hms-row");
    const at = links.indexOf(row?.querySelector(".hms-row-link"));
    const to = { ArrowDown: links[at + 1], ArrowUp: links[Math.max(0, at - 1)], Home: links[0], End: links.at(-1) }[event.key];
    if (!to || to === event.target) return;
    event.preventDefault();
    to.focus();
  }
})();

/* The search dialog: opens by key or click, arrows walk the results, Escape gives the focus back. */
(() => {
  "use strict";
  const dialog = document.getElementById("hms-search");
  if (!dialog) return;
  const input = dialog.querySelector("input[type=search]");
  const box = dialog.querySelector("#hms-search-results");

  function open() {
    if (dialog.open) return;
    dialog.showModal();
    input.select();
    input.dispatchEvent(new Event("hms:open"));
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-hms-search-open]");
    if (opener && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      open();
    } else if (event.target === dialog) {
      dialog.close();
    }
  });

  dialog.addEventListener("keydown", (event) => {
    const results = [...box.querySelectorAll(".hms-result")];
    const at = results.indexOf(document.activeElement);
    if (event.key === "Escape") {
      // Of itself the first Escape would only empty the field.
      event.preventDefault();
      dialog.close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const to = at + (event.key === "ArrowDown" ? 1 : -1);
      (to < 0 ? input : results[Math.min(to, results.length - 1)] || input).focus();
    } else if (event.key === "Enter" && document.activeElement === input) {
      // Results of an earlier query must not be opened: then the form goes to the full page.
      const shown = box.querySelector("[data-hms-query]")?.dataset.hmsQuery;
      if (results.length && shown === input.value.trim()) {
        event.preventDefault();
        results[0].click();
      }
    } else if (at >= 0 && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
      input.focus();
    }
  });

  box.addEventListener("htmx:after:swap", announce);
  document.addEventListener("htmx:after:swap", (event) => {
    if (dialog.open && event.target === input) announce();
  });

  function announce() {
    const count = box.querySelectorAll(".hms-result").length;
    document.dispatchEvent(new CustomEvent("hms:announce", { detail: { text: count === 1 ? "results_one" : "results", count } }));
  }
})();
