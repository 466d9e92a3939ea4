// Shows the stacks that hold every word typed, in the state that was chosen, as one types.

const field = document.getElementById("filter");
const none = document.getElementById("none");
const chosen = new URLSearchParams(location.search);
let state = chosen.get("state") || "";

function apply() {
  if (!field) return;
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of document.querySelectorAll("[data-live=rows] > tr")) {
    const right = (!state || row.dataset.state === state) && words.every((word) => row.dataset.words.includes(word));
    if (row.hidden === right) row.hidden = !right;
    shown += right;
  }
  none.hidden = shown > 0;
  for (const chip of document.querySelectorAll(".chips a")) {
    if (chip.dataset.state === state) chip.setAttribute("aria-current", "true");
    else chip.removeAttribute("aria-current");
  }
}

function typed() {
  const now = new URLSearchParams();
  if (field.value) now.set("q", field.value);
  if (state) now.set("state", state);
  history.replaceState(null, "", now.size ? `/?${now}` : "/");
  apply();
}

function begin() {
  if (!field) return;
  field.addEventListener("input", typed);
  field.form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("click", (event) => {
    const chip = event.target.closest(".chips a");
    if (!chip || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    state = chip.dataset.state;
    typed();
  });
  apply();
}

export const filter = { apply, begin };
