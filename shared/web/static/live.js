// What changes on a page by itself: regions marked data-live, and the number of what waits. Pages work without it.
"use strict";

const EVERY = 3000;
const SLOWEST = 60000;
const regions = () => [...document.querySelectorAll("[data-live][id]")];

// What a region says, without what differs at every rendering: the age of times and the fresh ids of forms.
const gist = (region) => {
  const copy = region.cloneNode(true);
  copy.querySelectorAll("time").forEach((time) => (time.textContent = ""));
  copy.querySelectorAll("input[type=hidden]").forEach((input) => input.removeAttribute("value"));
  copy.querySelectorAll("[open]").forEach((details) => details.removeAttribute("open"));
  return copy.innerHTML;
};

const changed = (control) => {
  if (control.type === "checkbox" || control.type === "radio") return control.checked !== control.defaultChecked;
  if (control.options) {
    const options = [...control.options];
    return options.some((o) => o.defaultSelected) ? options.some((o) => o.selected !== o.defaultSelected) : control.selectedIndex > 0;
  }
  return "defaultValue" in control && control.value !== control.defaultValue;
};

const unfolded = new WeakSet();
const remember = (region) => region.querySelectorAll("details[open]").forEach((details) => unfolded.add(details));

// A region in somebody's hands is left alone: focus is inside, a form was changed, or something was unfolded.
const inUse = (region) =>
  region.contains(document.activeElement) ||
  [...region.querySelectorAll("input, select, textarea")].some(changed) ||
  [...region.querySelectorAll("details[open]")].some((details) => !unfolded.has(details));

const told = new Map();

const keepTimes = (region, fresh) => {
  const times = fresh.querySelectorAll("time");
  region.querySelectorAll("time").forEach((time, i) => {
    if (times[i] && time.textContent !== times[i].textContent) time.textContent = times[i].textContent;
  });
};

const swap = (fresh, from) => {
  let news = false;
  for (const region of regions()) {
    const next = region.dataset.from === from && fresh.getElementById(region.id);
    if (!next) continue;
    Object.assign(next.dataset, region.dataset);
    const words = gist(next);
    if (words === told.get(region.id)) {
      keepTimes(region, next);
    } else if (!inUse(region)) {
      told.set(region.id, words);
      region.replaceWith(document.adoptNode(next));
      remember(next);
      news = true;
    }
  }
  return news;
};

const announce = () => {
  const place = document.getElementById("live-words");
  if (!place) return;
  place.textContent = "";
  setTimeout(() => (place.textContent = place.dataset.words), 100);
};

const fetchPage = async (href, from) => {
  const answer = await fetch(href, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (!answer.ok || answer.redirected) throw new Error("not this page");
  return swap(new DOMParser().parseFromString(await answer.text(), "text/html"), from);
};

// A region with data-from is part of another page; when that one does not answer, data-away says what to do.
const fetchPart = async (region) => {
  try {
    return await fetchPage(region.dataset.from, region.dataset.from);
  } catch {
    const note = document.createElement("p");
    note.className = "note note--bad";
    note.textContent = region.dataset.away;
    region.replaceChildren(region.querySelector("h2"), note);
    told.delete(region.id);
    return false;
  }
};

const refresh = async () => {
  const parts = regions().filter((region) => region.dataset.from);
  const news = await Promise.all([fetchPage(location.href), ...parts.map(fetchPart)]);
  if (news.some(Boolean)) announce();
};

const count = async () => {
  const link = document.querySelector("[data-waiting]");
  if (!link) return;
  const answer = await fetch("/notifications/api/v1/inbox/count", { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("no count");
  const { count: number } = await answer.json();
  link.querySelector(".count")?.remove();
  if (!number) return;
  const badge = document.createElement("span");
  const hidden = document.createElement("span");
  badge.className = "count";
  badge.textContent = number > 99 ? "99+" : String(number);
  hidden.className = "hidden";
  hidden.textContent = ` ${link.dataset.waiting}`;
  badge.append(hidden);
  link.append(" ", badge);
};

// Does something again and again while the page is seen, at once when it comes back, more slowly while it fails.
const again = (work, every) => {
  let wait = every;
  let timer = 0;
  let busy = false;
  const turn = async () => {
    clearTimeout(timer);
    if (document.hidden || busy) return;
    busy = true;
    try {
      await work();
      wait = every;
    } catch {
      wait = Math.min(wait * 2, SLOWEST);
    }
    busy = false;
    timer = setTimeout(turn, wait);
  };
  document.addEventListener("visibilitychange", turn);
  return turn;
};

for (const region of regions()) {
  told.set(region.id, gist(region));
  remember(region);
}
again(count, EVERY * 5)();
const soon = document.querySelector("[data-from]") ? 0 : EVERY;
if (told.size && !document.getElementById("errors")) setTimeout(again(refresh, EVERY), soon);

// The last step of a form: who goes back from what came of it finds an empty form, and is not asked to send this one again.
document.addEventListener("submit", ({ submitter }) => {
  if (submitter?.hasAttribute("data-last")) history.replaceState(null, "", location.href);
});
