/* The lock of the screen: warns, covers the page, opens it again for the same person (SEC-A7). */
(() => {
  const [warning, cover, trouble] = ["hms-idle", "hms-lock", "hms-lock-trouble"].map((id) => document.getElementById(id));
  if (!warning) return;
  const form = cover.querySelector("form"), { lock: minutes, left, stay: stayUrl, lockUrl } = warning.dataset;
  const lasts = minutes * 1000, tabs = new BroadcastChannel("hms-lock");
  let ends = Date.now() + left * 1000, asked = Date.now(), locked = false;
  const send = (url, body) => fetch(url, { method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value } }).catch(() => null);
  function set(isLocked) {
    [locked, ends, trouble.hidden] = [isLocked, Date.now() + lasts, true];
    document.documentElement.toggleAttribute("data-hms-locked", locked);
    warning.close();
    form.reset();
    if (!locked) cover.close();
    else if (!cover.open) cover.showModal();
  }
  const tell = (isLocked) => [set(isLocked), tabs.postMessage(isLocked)], lock = () => [tell(true), send(lockUrl)];
  tabs.onmessage = ({ data }) => set(data);
  async function stay() {
    asked = Date.now();
    const answer = await send(stayUrl);
    if (answer?.ok ? !locked : answer?.status === 401) tell(!answer.ok);
  }
  for (const name of ["keydown", "click"]) document.addEventListener(name, () => !locked && Date.now() - asked > lasts / 5 && stay(), true);
  document.addEventListener("click", (event) => event.target.closest("[data-hms-lock]") && [event.preventDefault(), lock()]);
  document.addEventListener("hms:locked", () => tell(true));
  cover.addEventListener("close", () => locked && cover.showModal());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await send(form.action, new FormData(form)), said = answer?.ok ? null : await answer?.json().catch(() => null);
    form.dataset.hmsBusy = "";
    form.reset();
    if (answer?.ok) return tell(false);
    [trouble.textContent, trouble.hidden] = [said?.detail || trouble.dataset.else, false];
    if (said?.takes_pin === false) form.querySelector("[data-hms-pin]")?.remove();
    (form.elements.pin || form.elements.password).focus();
  });
  setInterval(() => {
    if (!locked && Date.now() >= ends) lock();
    warning.querySelector("[data-hms-left]").textContent = Math.ceil((ends - Date.now()) / 1000);
    if (!locked && !warning.open && ends - Date.now() <= Math.min(60000, lasts / 2)) warning.showModal();
  }, 500);
})();
