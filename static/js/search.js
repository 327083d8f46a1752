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
