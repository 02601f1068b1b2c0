// The list of photos: one line each, with what is going on and what can be done about it.

import { LOCALE, number } from "./numbers.js";
import { upright } from "./upright.js";

const THUMB_PX = 96;

/** Draws the rows of a queue into `list` from the page's template; `act(name, row)` is told which button was used. */
export class Rows {
  constructor(list, template, act) {
    Object.assign(this, { list, template, act, lines: new Map(), thumbs: Promise.resolve() });
  }

  add(row) {
    const line = this.template.content.firstElementChild.cloneNode(true);
    line.addEventListener("click", (event) => {
      const name = event.target.closest("[data-row-act]")?.dataset.rowAct;
      if (name) this.act(name, row);
    });
    part(line, "name").textContent = row.path;
    for (const button of line.querySelectorAll("[aria-label]")) button.setAttribute("aria-label", `${button.getAttribute("aria-label")}: ${row.path}`);
    this.lines.set(row, line);
    this.list.append(line);
    this.update(row);
    this.#draw(row, row.file);
  }

  remove(row) {
    this.lines.get(row)?.remove();
    this.lines.delete(row);
  }

  /** Shows the row as it is now. */
  update(row) {
    const line = this.lines.get(row);
    if (!line) return;
    line.dataset.state = row.state;
    setText(part(line, "note"), noteOf(row));
    const bar = part(line, "bar");
    bar.hidden = !["sending", "working"].includes(row.state);
    if (row.state === "working") bar.removeAttribute("value");
    else bar.value = row.sent;
    show(line, "download", row.state === "done");
    show(line, "retry", row.canRetry);
    show(line, "start", row.state === "waiting" && !row.isAsked);
    show(line, "cancel", row.isBusy || (row.state === "waiting" && row.isAsked));
    show(line, "remove", !row.isBusy);
    part(line, "open").disabled = row.state !== "done";
    const request = part(line, "request");
    request.hidden = !row.refusal?.requestId;
    request.dataset.copy = row.refusal?.requestId ?? "";
    if (row.cutout && row.drawn !== row.cutout) this.#draw(row, row.cutout);
    row.drawn = row.cutout;
  }

  /** Marks the row that is on the stage. */
  mark(open) {
    for (const [row, line] of this.lines) {
      if (row === open) part(line, "open").setAttribute("aria-current", "true");
      else part(line, "open").removeAttribute("aria-current");
    }
  }

  // One after the other: a hundred photos decoded at once would not fit into memory.
  #draw(row, blob) {
    this.thumbs = this.thumbs.then(async () => {
      const line = this.lines.get(row);
      const picture = line && await createImageBitmap(blob === row.file ? await upright(blob) : blob).catch(() => null);
      if (!picture) return;
      const canvas = part(line, "thumb"), scale = Math.min(THUMB_PX / picture.width, THUMB_PX / picture.height);
      canvas.width = Math.max(1, Math.round(picture.width * scale));
      canvas.height = Math.max(1, Math.round(picture.height * scale));
      const context = canvas.getContext("2d");
      context.imageSmoothingQuality = "high";
      context.drawImage(picture, 0, 0, canvas.width, canvas.height);
      picture.close();
    });
  }
}

/** A number of bytes as people write it. */
export function sizeText(bytes) {
  const [unit, divisor] = bytes < 1e6 ? ["kilobyte", 1e3] : ["megabyte", 1e6];
  return new Intl.NumberFormat(LOCALE, { style: "unit", unit, maximumFractionDigits: bytes < 1e6 ? 0 : 1 }).format(bytes / divisor);
}

function noteOf(row) {
  const size = sizeText(row.file.size), percent = Math.round(row.sent * 100);
  switch (row.state) {
    case "sending": return interpolate(gettext("%s · uploading %s %"), [size, percent]);
    case "working": return interpolate(gettext("%s · cutting out"), [size]);
    case "pausing": return interpolate(gettext("%s · the server is busy, trying again by itself"), [size]);
    case "failed": return row.refusal.message;
    case "done": return doneText(row, size);
    default: return row.isAsked ? interpolate(gettext("%s · waiting"), [size]) : size;
  }
}

function doneText(row, size) {
  const seconds = new Intl.NumberFormat(LOCALE, { style: "unit", unit: "second", maximumFractionDigits: 1 }).format(row.seconds);
  const credits = interpolate(ngettext("%s credit", "%s credits", row.charged), [number.format(row.charged)]);
  return [size, seconds, credits, ...(row.strokes.length ? [gettext("corrected")] : [])].join(" · ");
}

function part(line, name) {
  return line.querySelector(`[data-row="${name}"]`);
}

function show(line, act, isShown) {
  const button = line.querySelector(`[data-row-act="${act}"]`);
  if (button.hidden !== isShown) return;
  const hadFocus = button === document.activeElement;
  button.hidden = !isShown;
  if (hadFocus) line.querySelector("[data-row-act]:not([hidden])")?.focus(); // what was used is gone: stay in its line
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
