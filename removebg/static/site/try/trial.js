// The front page's hero: one photo of a stranger, its preview beside it, and the way to an account.

import { isRightToLeft, splitBy } from "./compare.js";
import { gatherFromPage, photosPicked } from "./gathering.js";
import { offerSamples } from "./samples.js";
import { Refusal, pause, send } from "./sending.js";
import { nameFor } from "./taking.js";
import { upright } from "./upright.js";

const LONGEST_WAIT_S = 60;
const hero = document.getElementById("trial");
const part = (name) => hero.querySelector(`[data-trial="${name}"]`);
let abort = null;

async function tryPhoto([photo]) {
  if (!photo) return;
  abort?.abort();
  abort = new AbortController();
  show("busy");
  try {
    showPreview(photo.path, await upright(photo.file), await previewOf(photo.file, abort.signal));
    show("result");
  } catch (error) {
    if (error.name !== "AbortError") showRefusal(error);
  }
}

/** Sends until the server has a moment; a day's wait is no wait, but an answer. */
async function previewOf(file, signal) {
  for (;;) {
    try {
      const onSent = (sent) => showProgress(sent);
      return (await send(hero.dataset.url, { image_file: file }, { signal, onSent })).blob;
    } catch (error) {
      if (!(error instanceof Refusal) || !error.passes || error.retryAfterS > LONGEST_WAIT_S) throw error;
      part("state").textContent = gettext("The server is busy. Trying again by itself…");
      await pause(error.retryAfterS, signal);
    }
  }
}

function showProgress(sent) {
  const bar = part("bar");
  part("state").textContent = sent < 1 ? gettext("Uploading…") : gettext("Cutting out…");
  if (sent < 1) bar.value = sent;
  else bar.removeAttribute("value");
}

function showPreview(path, photo, blob) {
  for (const [name, source] of [["before", photo], ["after", blob]]) {
    const picture = part(name);
    if (picture.src) URL.revokeObjectURL(picture.src);
    picture.src = URL.createObjectURL(source);
  }
  Object.assign(part("take"), { href: part("after").src, download: nameFor(path, "png").split("/").pop() });
}

function showRefusal(error) {
  const isUsedUp = error.status === 429 || error.status === 403;
  part("why").textContent = error.message;
  part("request").hidden = !error.requestId || isUsedUp;
  part("request").querySelector("code").textContent = error.requestId;
  part("account").hidden = !isUsedUp;
  part("another").hidden = isUsedUp;
  show("refused");
}

/** Shows one state of the hero: start, busy, result or refused. */
function show(state) {
  for (const pane of hero.querySelectorAll("[data-pane]")) pane.hidden = pane.dataset.pane !== state;
  if (state === "result" || state === "refused") hero.querySelector(`[data-pane="${state}"]`).focus();
}

function splitAt(event) {
  const { left, width } = event.currentTarget.getBoundingClientRect();
  event.currentTarget.setPointerCapture(event.pointerId);
  const share = (event.clientX - left) / width;
  split.set(isRightToLeft(hero) ? 1 - share : share);
}

const split = splitBy(part("split"), (share) => {
  const rest = `${(1 - share) * 100}%`;
  part("before").style.clipPath = isRightToLeft(hero) ? `inset(0 0 0 ${rest})` : `inset(0 ${rest} 0 0)`;
  part("line").style.insetInlineStart = `${share * 100}%`;
});
hero.querySelector(".trial-pair").addEventListener("pointermove", (event) => { if (event.buttons) splitAt(event); });
hero.querySelector(".trial-pair").addEventListener("pointerdown", splitAt);
for (const button of hero.querySelectorAll("[data-picks]")) button.addEventListener("click", () => part("file").click());
hero.noValidate = true; // its one required field is for browsers without script
hero.addEventListener("submit", (event) => event.preventDefault());
part("cancel").addEventListener("click", () => { abort.abort(); show("start"); });
part("file").addEventListener("change", (event) => { tryPhoto(photosPicked(event.target.files)); event.target.value = ""; });
offerSamples(hero.querySelector("[data-samples]"), tryPhoto);
gatherFromPage({ take: tryPhoto, ready: (isReady) => document.body.classList.toggle("drop-ready", isReady) });
