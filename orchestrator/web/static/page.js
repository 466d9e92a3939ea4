// Keeps the page as the daemon sees the world, and says to the daemon what a person decides.
// All HTML is made by the server, which escapes it; this file only puts it in place of what was there.

import { morph } from "./morph.js";
import { orders } from "./orders.js";
import { keyboard } from "./keyboard.js";
import { filter } from "./filter.js";

const root = document.documentElement;
root.classList.add("js");

const live = document.getElementById("live");
let ahead = Number(root.dataset.now) - Date.now() / 1000; // a sandbox's clock shows another time than ours
let busy = false;
let again = false;
let rows = new Set();

function show(state, words) {
  if (live.textContent !== words) live.textContent = words;
  live.className = `live ${state}`;
}

// -- times ------------------------------------------------------------------------------------------------------------

function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n) => String(n).padStart(2, "0");
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}

function times() {
  const now = Date.now() / 1000 + ahead;
  for (const one of document.querySelectorAll("time[data-at]")) {
    const at = Number(one.dataset.at);
    const past = "due" in one.dataset ? "now" : `${duration(now - at)} ago`;
    const words = at <= now ? past : `in ${duration(at - now)}`;
    if (one.textContent !== words) one.textContent = words;
  }
}

function clock(now) {
  ahead = Number(now) - Date.now() / 1000;
}

// -- keeping up -------------------------------------------------------------------------------------------------------

async function fetched(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  clock(found.documentElement.dataset.now);
  return found;
}

async function refresh() {
  const only = rows;
  rows = new Set();
  const listed = document.querySelector("[data-live=rows]");
  const known = (key) => listed.querySelector(`tr[data-key="${CSS.escape(key)}"]`);
  if (listed && only.size && only.size < 50 && [...only].every(known)) {
    const found = await fetched(`/?${[...only].map((key) => `only=${encodeURIComponent(key)}`).join("&")}`);
    for (const row of found.querySelectorAll("[data-live=rows] > tr")) morph(known(row.dataset.key), row);
    morph(document.querySelector("[data-live=counts]"), found.querySelector("[data-live=counts]"));
  } else {
    const found = await fetched(listed ? "/" : location.href);
    morph(document.querySelector("main"), found.querySelector("main"));
  }
  filter.apply();
  times();
}

// One reading at a time, and a pause after each: a hundred changes at once are one reading.
async function soon(key) {
  if (key) rows.add(key);
  again = true;
  if (busy || document.hidden) return;
  busy = true;
  while (again) {
    again = false;
    try {
      await refresh();
    } catch {
      show("off", "reconnecting");
    }
    await new Promise((done) => setTimeout(done, 400));
  }
  busy = false;
}

let events = null;

// A browser has six connections to a server for all its tabs, so only a page that is seen listens.
function listen() {
  events?.close();
  if (document.hidden) return;
  const about = root.dataset.stack ? `?stack=${encodeURIComponent(root.dataset.stack)}` : "";
  events = new EventSource(`/events${about}`);
  const said = (event) => {
    const told = JSON.parse(event.data);
    if (told.now) clock(told.now);
    return told;
  };
  events.addEventListener("hello", (event) => {
    said(event);
    show("on", "live");
    soon();
  });
  events.addEventListener("reset", (event) => {
    said(event);
    show("on", "live");
    soon();
  });
  events.addEventListener("beat", said);
  events.addEventListener("stack", (event) => soon(said(event).key));
  events.addEventListener("gone", () => soon());
  events.addEventListener("rollout", () => soon());
  events.addEventListener("error", () => {
    show("off", "reconnecting");
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  });
}

setInterval(times, 1000);
if (root.dataset.every) setInterval(() => soon(), 1000 * Number(root.dataset.every));
orders.begin(() => soon());
filter.begin();
keyboard.begin(orders);
if (root.dataset.still) show("", "");
else {
  document.addEventListener("visibilitychange", listen);
  listen();
}
