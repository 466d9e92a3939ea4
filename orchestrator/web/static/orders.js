// What a person tells the daemon: asked for a reason first, sent with the token of this tab.

const TOKEN = "orchestrator-token";
const element = (id) => document.getElementById(id);
let done = () => {};
let whose = "";

function toast(words) {
  const shown = element("toast");
  shown.textContent = words;
  shown.classList.add("shown");
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => shown.classList.remove("shown"), 7000);
}

async function answer(address, options) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  const got = await fetch(address, { ...options, headers, cache: "no-store" });
  const told = await got.json().catch(() => ({}));
  if (!got.ok) throw new Error(told.error || `The daemon answered ${got.status}.`);
  return told;
}

// -- the token --------------------------------------------------------------------------------------------------------

async function known() {
  whose = "";
  if (sessionStorage.getItem(TOKEN)) {
    try {
      whose = (await answer("/api/me")).name;
    } catch {
      sessionStorage.removeItem(TOKEN);
    }
  }
  element("who").textContent = whose || (document.documentElement.dataset.steered === "yes" ? "Use a token" : "Read-only");
  return whose;
}

function ask() {
  element("token").showModal();
  element("token-text")?.focus();
}

async function signed(event) {
  event.preventDefault();
  const text = element("token-text");
  if (!text) return element("token").close();
  sessionStorage.setItem(TOKEN, text.value.trim());
  if (!(await known())) {
    element("token-problem").textContent = "This is not a token of this daemon's.";
    return undefined;
  }
  text.value = "";
  element("token-problem").textContent = "";
  element("token").close();
  if (pending) order(pending);
  return undefined;
}

function forget() {
  sessionStorage.removeItem(TOKEN);
  element("token").close();
  known();
}

// -- orders -----------------------------------------------------------------------------------------------------------

let pending = null;

function order(button) {
  pending = button;
  if (!whose) return ask();
  const { about, go, reason } = button.dataset;
  element("order-title").textContent = button.textContent.trim();
  element("order-about").textContent = about;
  element("order-go").textContent = go;
  element("order-go").className = button.classList.contains("danger") ? "primary danger" : "primary";
  element("order-problem").textContent = "";
  const text = element("order-reason");
  text.value = "";
  text.required = reason === "wanted";
  text.hidden = reason === "none";
  text.labels[0].hidden = reason === "none";
  element("order-optional").textContent = reason === "wanted" ? "(kept in the history)" : "(optional, kept in the history)";
  element("order").showModal();
  if (!text.hidden) text.focus();
  return undefined;
}

async function send(event) {
  event.preventDefault();
  const { act, full } = pending.dataset;
  const said = { reason: element("order-reason").value.trim(), ...(full === "yes" ? { full: true } : {}) };
  element("order-go").disabled = true;
  try {
    const told = await answer(act, { method: "POST", body: JSON.stringify(said) });
    element("order").close();
    toast(told.message);
    done();
  } catch (error) {
    element("order-problem").textContent = error.message;
  } finally {
    element("order-go").disabled = false;
  }
}

function begin(changed) {
  done = changed;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (button) order(button);
    event.target.closest("[data-close]")?.closest("dialog").close();
  });
  element("who").addEventListener("click", () => {
    pending = null;
    ask();
  });
  element("token").querySelector("form").addEventListener("submit", signed);
  element("token-forget")?.addEventListener("click", forget);
  element("order").querySelector("form").addEventListener("submit", send);
  element("help").addEventListener("click", () => element("keys").showModal());
  known();
}

export const orders = { begin, ask };
