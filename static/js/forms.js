/* Forms: sent once, asked before harm, kept when wrong, warned about when left. */
(() => {
  "use strict";
  const dialog = document.getElementById("hms-confirm");
  const dirty = new Set();
  const guarded = "form[method=post]:not([data-hms-appearance]):not([data-hms-careless])";

  // Order matters: a frozen page refuses first, then the question is asked, then the form is busy.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (document.documentElement.hasAttribute("data-frozen") && form.closest("main")) {
      stop(event);
      document.dispatchEvent(new CustomEvent("hms:problem", { detail: { text: "network" } }));
    } else if (form.dataset.hmsBusy) {
      stop(event);
    } else if (form.dataset.hmsConfirm && !form.dataset.hmsConfirmed) {
      stop(event);
      ask(form.dataset.hmsConfirm, form.dataset.hmsConfirmWord || event.submitter?.textContent, () => {
        form.dataset.hmsConfirmed = "yes";
        form.requestSubmit(event.submitter);
        delete form.dataset.hmsConfirmed;
      });
    } else {
      busy(form, event.submitter);
    }
  }, true);

  function stop(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  function busy(form, button) {
    dirty.delete(form);
    if (form.matches("[data-hms-appearance]")) return;
    form.dataset.hmsBusy = "yes";
    button?.setAttribute("aria-busy", "true");
    // Asked for a download, the page stays: the form must be usable again.
    setTimeout(() => free(form), 15000);
  }

  function free(form) {
    delete form.dataset.hmsBusy;
    for (const el of form.querySelectorAll("[aria-busy]")) el.removeAttribute("aria-busy");
  }

  document.addEventListener("htmx:finally:request", (event) => {
    const form = event.detail?.ctx?.request?.form;
    if (!form) return;
    free(form);
    if (event.detail.ctx.response?.status >= 400 || !event.detail.ctx.response) dirty.add(form);
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-hms-busy]").forEach(free));

  function ask(question, word, go) {
    if (!dialog) return void (window.confirm(question) && go());
    dialog.querySelector("[data-hms-question]").textContent = question;
    const yes = dialog.querySelector("[data-hms-yes]");
    if (word?.trim()) yes.textContent = word.trim();
    yes.onclick = () => { dialog.close(); go(); };
    dialog.showModal();
  }

  document.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.ctx.confirm) return;
    event.preventDefault();
    const { issueRequest, dropRequest, ctx } = event.detail;
    let answered = false;
    ask(ctx.confirm, ctx.sourceElement.dataset.hmsConfirmWord, () => { answered = true; issueRequest(); });
    dialog?.addEventListener("close", () => answered || dropRequest(), { once: true });
  });

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.matches(guarded) && form.closest("main")) dirty.add(form);
  });

  addEventListener("beforeunload", (event) => {
    const open = [...dirty].some((form) => form.isConnected && !form.dataset.hmsBusy);
    if (!open) return;
    event.preventDefault();
    event.returnValue = "";
  });

  // Errors first, then the field that the page names; never a keyboard that pops up on a phone.
  function place(scope, isPage) {
    const summary = scope.querySelector("[data-hms-errors]");
    if (summary) {
      const form = summary.closest("form") || document.querySelector(`main ${guarded}`);
      if (form?.matches(guarded)) dirty.add(form);
      summary.focus();
      return;
    }
    const wanted = scope.querySelector("[data-hms-autofocus]");
    if (wanted && isPage && !location.hash && matchMedia("(pointer: fine)").matches) {
      wanted.focus({ preventScroll: true });
    }
  }

  document.addEventListener("htmx:after:swap", (event) => {
    const { response, target } = event.detail.ctx;
    // An outer swap has taken the target itself out of the page.
    if (response?.status === 422) place(target?.isConnected ? target : document, false);
  });
  place(document, true);
})();
