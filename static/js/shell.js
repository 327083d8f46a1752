/* Menus, appearance switches, printing, and what only makes sense with scripts on. */
(() => {
  "use strict";
  const root = document.documentElement;

  function reveal(scope) {
    for (const el of scope.querySelectorAll("[data-hms-js]")) el.hidden = false;
    // A panel that scrolls sideways must be reachable by keyboard (WCAG 2.1.1).
    for (const panel of scope.querySelectorAll(".hms-scroll")) {
      if (panel.scrollWidth > panel.clientWidth + 1) panel.tabIndex = 0;
      else panel.removeAttribute("tabindex");
    }
  }

  function closeMenus(except) {
    for (const menu of document.querySelectorAll("details.hms-menu[open]")) {
      if (menu !== except && !menu.contains(except)) menu.open = false;
    }
  }

  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details.hms-menu"));
    if (event.target.closest("[data-hms-print]")) window.print();
    if (event.target.closest("[data-hms-back]")) history.back();
    const opener = event.target.closest("[data-hms-dialog]");
    const dialog = opener && document.getElementById(opener.dataset.hmsDialog);
    if (dialog && !dialog.open) {
      event.preventDefault();
      dialog.showModal();
    }
    const closer = event.target.closest("[data-hms-close]");
    if (closer) closer.closest("dialog")?.close();
  });

  document.addEventListener("focusin", (event) => {
    if (event.target.closest("dialog")) return;
    closeMenus(event.target.closest("details.hms-menu"));
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest?.("details.hms-menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  // The server stores the choice; the page shows it at once.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!event.target.matches("[data-hms-appearance]") || !button) return;
    const { name, value } = button;
    if (name === "theme") root.dataset.bsTheme = value;
    if (name === "density") root.dataset.density = value;
    for (const other of document.querySelectorAll(`[data-hms-appearance] button[name="${name}"]`)) {
      if (other.dataset.hmsToggle) {
        const on = value === other.dataset.hmsToggle;
        other.setAttribute("aria-pressed", on);
        setTimeout(() => { other.value = on ? other.dataset.hmsElse : other.dataset.hmsToggle; });
      } else {
        other.setAttribute("aria-pressed", other.value === value);
      }
    }
  });

  // Long lists in menus can be narrowed by typing.
  document.addEventListener("input", (event) => {
    const wanted = event.target.closest("[data-hms-narrow]");
    if (!wanted) return;
    const text = wanted.value.trim().toLocaleLowerCase();
    for (const item of wanted.closest(".hms-menu-panel").querySelectorAll("[data-hms-narrowed]")) {
      item.hidden = text !== "" && !item.textContent.toLocaleLowerCase().includes(text);
    }
  });

  addEventListener("resize", () => reveal(document), { passive: true });
  document.addEventListener("htmx:after:swap", () => reveal(document));
  reveal(document);
})();
