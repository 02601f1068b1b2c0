// The playground: ties photos, queue, rows, stage and options together. What each of them does is in its own file.

import { announce } from "../site.js";
import { gatherFromPage, photosPicked } from "./gathering.js";
import { number } from "./numbers.js";
import { Options } from "./options.js";
import { Queue } from "./queue.js";
import { Rows } from "./rows.js";
import { offerSamples } from "./samples.js";
import { snippetsFor } from "./snippets.js";
import { Stage } from "./stage.js";
import { canCopy, copyImage, download, downloadAll } from "./taking.js";

const facts = JSON.parse(document.getElementById("facts").textContent);
const byId = (id) => document.getElementById(id);
const form = byId("options"), playground = byId("playground");
const options = new Options(form, facts);
let credits = facts.credits, open = null, wasBusy = false;

const queue = new Queue({
  url: playground.dataset.url,
  atOnce: facts.at_once,
  read: () => ({ format: "png", quality: options.read().quality }),
  changed: whenChanged,
  spent: (left) => { if (left !== null) credits = left; },
});
const stage = new Stage(playground, { changed: (row) => { rows.update(row); showTools(); } });
const rows = new Rows(byId("rows"), byId("row-template"), (name, row) => rowActs[name](row));

const rowActs = {
  open: async (row) => { await openRow(row); byId("stage").scrollIntoView({ block: "nearest" }); },
  download: (row) => takeAway(() => download(row, options.read())),
  retry: (row) => queue.retry(row),
  start: (row) => { queue.start([row]); whenChanged(row); },
  cancel: (row) => queue.cancel(row),
  remove: (row) => removeRow(row),
};

const acts = {
  photos: () => byId("photos").click(),
  folder: () => byId("folder").click(),
  camera: () => byId("camera").click(),
  start: () => { queue.start(unasked()); for (const row of queue.rows) rows.update(row); showHead(); },
  "retry-failed": () => { for (const row of queue.in("failed").filter((one) => one.canRetry)) queue.retry(row); },
  "download-all": (button) => takeAll(button),
  download: () => takeAway(() => download(open, options.read())),
  copy: () => takeAway(async () => { await copyImage(open, options.read()); announce(gettext("Copied")); }),
  again: () => { queue.again(open); openRow(queue.in("done")[0] ?? null); },
  undo: () => stage.undo(),
  redo: () => stage.redo(),
  "zoom-in": () => stage.zoomIn(),
  "zoom-out": () => stage.zoomOut(),
  "zoom-fit": () => stage.fit(),
};

function addPhotos(photos) {
  if (!photos.length) return;
  const added = queue.add(photos);
  added.forEach((row) => rows.add(row));
  // One photo is cut out at once; of several the price is shown first.
  if (added.length === 1) queue.start(added);
  showHead();
}

function whenChanged(row) {
  rows.update(row);
  if (row.state === "done" && !open) openRow(row);
  showHead();
  const isBusy = queue.rows.some((one) => one.isBusy);
  if (wasBusy && !isBusy) byId("said").textContent = summary();
  wasBusy = isBusy;
}

function removeRow(row) {
  queue.remove(row);
  rows.remove(row);
  if (row === open) openRow(queue.in("done")[0] ?? null);
  showHead();
}

async function openRow(row) {
  open = row;
  rows.mark(row);
  showHead();
  if (row) setMode("compare");
  await stage.open(row, options.read());
  showTools();
}

function unasked() {
  return queue.rows.filter((row) => row.state === "waiting" && !row.isAsked);
}

/** Everything around the rows: what there is, what it costs, what can be done. */
function showHead() {
  const done = queue.in("done"), failed = queue.in("failed"), waiting = unasked();
  byId("empty").hidden = Boolean(open);
  byId("stage").hidden = !open;
  byId("files").hidden = !queue.rows.length;
  byId("summary").textContent = summary();
  byId("download-all").hidden = done.length < 2;
  byId("retry-failed").hidden = !failed.some((row) => row.canRetry);
  byId("start").hidden = !waiting.length;
  byId("start").textContent = startText(waiting.length);
  byId("credits").textContent = interpolate(ngettext("%s credit left", "%s credits left", credits), [number.format(credits)]);
  byId("broke").hidden = !(queue.isBroke || credits < facts.credits_per_image * Math.max(1, waiting.length));
  byId("broke-text").textContent = brokeText(waiting.length);
  const pack = packFor(missingFor(waiting.length));
  if (pack) byId("broke-pack").textContent = pack.words;
  playground.classList.toggle("filled", queue.rows.length > 0);
  playground.setAttribute("aria-busy", String(queue.rows.some((row) => row.isBusy)));
  showTools();
}

function summary() {
  const all = queue.rows.length, failed = queue.in("failed").length, done = queue.in("done").length;
  if (failed) return interpolate(gettext("%s of %s done, %s failed"), [number.format(done), number.format(all), number.format(failed)]);
  return interpolate(gettext("%s of %s done"), [number.format(done), number.format(all)]);
}

function startText(count) {
  const price = count * facts.credits_per_image;
  const photos = interpolate(ngettext("Remove %s background", "Remove %s backgrounds", count), [number.format(count)]);
  return `${photos} · ${interpolate(ngettext("%s credit", "%s credits", price), [number.format(price)])}`;
}

function missingFor(count) {
  return Math.max(1, count) * facts.credits_per_image - credits;
}

/** The smallest pack with so many credits, else the largest; none for who may not buy. */
function packFor(missing) {
  return facts.packs.find((pack) => pack.credits >= missing) ?? facts.packs.at(-1);
}

function brokeText(count) {
  const missing = missingFor(count);
  if (missing > 0 && credits > 0) {
    return interpolate(ngettext("%s credit is missing for all of them: the first will be done.", "%s credits are missing for all of them: the first will be done.", missing), [number.format(missing)]);
  }
  if (missing > 1) {
    return interpolate(gettext("There are no credits left: %s are missing. Photos stay in this list, so nothing is lost."), [number.format(missing)]);
  }
  return gettext("There are no credits left. Photos stay in this list, so nothing is lost.");
}

/** What can be done with the picture on the stage. */
function showTools() {
  if (!open) return;
  const { quality, background } = options.read();
  byId("undo").disabled = !open.strokes.length;
  byId("redo").disabled = !open.undone.length;
  byId("copy-image").hidden = !canCopy();
  byId("again").hidden = open.state !== "done" || open.quality === quality;
  byId("place-mode").hidden = background.kind !== "picture";
  if (background.kind !== "picture" && stage.mode === "place") setMode("compare");
}

function setMode(mode) {
  for (const choice of byId("modes").querySelectorAll("input")) choice.checked = choice.value === mode;
  byId("brush").hidden = mode !== "erase" && mode !== "restore";
  byId("split-row").hidden = mode !== "compare";
  stage.setMode(mode);
}

function showOptions() {
  const now = options.read();
  for (const group of form.querySelectorAll("[data-for]")) group.hidden = group.dataset.for !== form.elements.background.value;
  byId("padding-field").hidden = now.crop === "false";
  const snippets = snippetsFor(facts.public_url, { ...now, size: now.sizeName, padding: now.paddingText });
  const language = form.elements.language.value;
  byId("snippet").textContent = snippets[language];
  byId("snippet-copy").dataset.copy = snippets[language];
  byId("snippet-note").hidden = !["gradient", "picture"].includes(now.background.kind);
  stage.show(now);
  showTools();
}

async function takeAway(taking) {
  try {
    await taking();
  } catch {
    announce(gettext("That did not work in this browser. Try a smaller size, or another format."));
  }
}

async function takeAll(button) {
  const before = button.textContent, done = queue.in("done");
  button.disabled = true;
  await takeAway(() => downloadAll(done, options.read(), (count) => {
    button.textContent = interpolate(gettext("Packing %s of %s"), [number.format(count + 1), number.format(done.length)]);
  }));
  Object.assign(button, { textContent: before, disabled: false });
}

function whenKey(event) {
  const isTyping = event.target.matches("input:not([type=range], [type=radio], [type=checkbox]), select, textarea");
  if (!open || isTyping) return;
  const key = event.key.toLowerCase(), isCommand = event.ctrlKey || event.metaKey;
  if (isCommand && key === "z") { event.preventDefault(); if (event.shiftKey) stage.redo(); else stage.undo(); }
  if (isCommand && key === "y") { event.preventDefault(); stage.redo(); }
  if (isCommand) return;
  if (key === "[") stage.resizeBrush(1 / 1.2);
  if (key === "]") stage.resizeBrush(1.2);
  if (key === " " && !event.target.closest("button, a, input, summary, label")) { event.preventDefault(); stage.isPanning = true; }
}

async function whenOptions(event) {
  if (event.target.id === "backdrop-file") {
    const [file] = event.target.files;
    await takeAway(async () => { if (file) { await options.usePicture(file); setMode("place"); } });
  }
  showOptions();
}

function begin() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (button) acts[button.dataset.act](button);
  });
  for (const id of ["photos", "folder", "camera"]) {
    byId(id).addEventListener("change", (event) => { addPhotos(photosPicked(event.target.files)); event.target.value = ""; });
  }
  offerSamples(document.querySelector("[data-samples]"), addPhotos);
  gatherFromPage({ take: addPhotos, ready: (isReady) => document.body.classList.toggle("drop-ready", isReady) });
  byId("modes").addEventListener("change", (event) => setMode(event.target.value));
  form.addEventListener("input", whenOptions);
  form.noValidate = true; // its one required field is for browsers without script
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("keydown", whenKey);
  addEventListener("keyup", (event) => { if (event.key === " ") stage.isPanning = false; });
  addEventListener("beforeunload", (event) => { if (queue.rows.some((row) => row.isBusy || (row.state === "done" && !row.isTaken))) event.preventDefault(); });
  showOptions();
  showHead();
}

begin();
