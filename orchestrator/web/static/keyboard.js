// The shortcuts that `?` lists. None of them works while somebody types or a dialog is open.

let before = "";

function marked(step) {
  const rows = [...document.querySelectorAll("[data-live=rows] > tr")].filter((row) => !row.hidden);
  if (!rows.length) return;
  const at = rows.findIndex((row) => "marked" in row.dataset);
  if (at >= 0) delete rows[at].dataset.marked;
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
  next.dataset.marked = "";
  next.querySelector(".name").focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function pressed(event, orders) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.target.closest("input, dialog[open]") || document.querySelector("dialog[open]")) return false;
  const two = `${before}${event.key}`;
  before = event.key === "g" ? "g" : "";
  if (two === "gs") location.assign("/");
  else if (two === "gl") location.assign("/locks");
  else if (event.key === "/" && document.getElementById("filter")) document.getElementById("filter").focus();
  else if (event.key === "j" || event.key === "k") marked(event.key === "j" ? 1 : -1);
  else if (event.key === "u") document.querySelector("[data-up]")?.click();
  else if (event.key === "t") orders.ask();
  else if (event.key === "?") document.getElementById("keys").showModal();
  else if ("pa".includes(event.key)) document.querySelector(`[data-act][data-key="${event.key}"]`)?.click();
  else return false;
  return true;
}

function begin(orders) {
  document.addEventListener("keydown", (event) => {
    if (pressed(event, orders)) event.preventDefault();
  });
  document.getElementById("filter")?.addEventListener("keydown", (event) => {
    if (event.key === "Escape") event.target.blur();
  });
}

export const keyboard = { begin };
