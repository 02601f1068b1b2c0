// The photos of this page and what becomes of them: a few at once, each on its own, none in the way of another.

import { Refusal, newKey, pause, send } from "./sending.js";

const GIVES_UP_AFTER_S = 15 * 60;

/** One photo: waiting -> sending -> working -> done, or failed; `pausing` while the server asked for patience. */
export class Row {
  constructor({ file, path }) {
    Object.assign(this, { file, path, state: "waiting", isAsked: false, sent: 0, refusal: null, cutout: null });
    Object.assign(this, { key: newKey(), quality: "", seconds: 0, charged: 0, strokes: [], undone: [], isTaken: false });
  }

  get isBusy() {
    return ["sending", "working", "pausing"].includes(this.state);
  }

  /** Whether it failed and may succeed the next time: a photo that arrived whole and was refused with 400 will not. */
  get canRetry() {
    const isPermanent = this.refusal?.status === 400 && (this.sent === 1 || this.refusal.code === "image_too_large");
    return this.state === "failed" && !isPermanent;
  }
}

export class Queue {
  /** `changed(row)` after each change; `read()` gives the fields to send; `atOnce` photos are under way together. */
  constructor({ url, atOnce, read, changed, spent }) {
    Object.assign(this, { url, atOnce, read, changed, spent, rows: [], isBroke: false });
  }

  add(photos) {
    const rows = photos.map((photo) => new Row(photo));
    this.rows.push(...rows);
    return rows;
  }

  /** Works on these rows as soon as there is room. */
  start(rows) {
    for (const row of rows) row.isAsked = true;
    this.isBroke = false;
    this.#fill();
  }

  /** Tries a row again: what was delivered before under the same name is free. */
  retry(row) {
    row.state = "waiting";
    row.refusal = null;
    this.changed(row);
    this.start([row]);
  }

  /** Cuts a finished row out anew, with the options as they are now; this is a new picture, and is paid for. */
  again(row) {
    Object.assign(row, { key: newKey(), cutout: null, strokes: [], undone: [], isTaken: false });
    this.retry(row);
  }

  cancel(row) {
    row.isAsked = false;
    row.abort?.abort();
    if (row.state === "waiting") this.changed(row);
  }

  remove(row) {
    this.cancel(row);
    this.rows.splice(this.rows.indexOf(row), 1);
  }

  in(...states) {
    return this.rows.filter((row) => states.includes(row.state));
  }

  #fill() {
    while (!this.isBroke && this.rows.filter((row) => row.isBusy).length < this.atOnce) {
      const next = this.rows.find((row) => row.state === "waiting" && row.isAsked);
      if (!next) return;
      this.#work(next);
    }
  }

  async #work(row) {
    row.abort = new AbortController();
    const began = performance.now();
    try {
      const answer = await this.#delivered(row, began);
      Object.assign(row, { state: "done", cutout: answer.blob, charged: answer.charged });
      row.seconds = (performance.now() - began) / 1000;
      this.spent(answer.credits);
    } catch (error) {
      this.#fail(row, error);
    }
    row.abort = null;
    this.changed(row);
    this.#fill();
  }

  /** Sends until the server has taken it; who was asked to wait waits as long as they were told. */
  async #delivered(row, began) {
    for (;;) {
      const fields = this.read();
      row.quality = fields.quality;
      this.#move(row, "sending", 0);
      try {
        const options = { key: `${row.key}-${fields.quality}`, signal: row.abort.signal };
        return await send(this.url, { ...fields, image_file: row.file }, {
          ...options, onSent: (share) => this.#move(row, share < 1 ? "sending" : "working", share),
        });
      } catch (error) {
        const isLate = (performance.now() - began) / 1000 > GIVES_UP_AFTER_S;
        if (!(error instanceof Refusal) || !error.passes || isLate) throw error;
        this.#move(row, "pausing", 0);
        await pause(error.retryAfterS, row.abort.signal);
      }
    }
  }

  #fail(row, error) {
    if (error.name === "AbortError") {
      Object.assign(row, { state: "waiting", isAsked: false });
      return;
    }
    row.state = "failed";
    row.refusal = error instanceof Refusal ? error : new Refusal({ message: gettext("This file could not be read. Is it still there?") });
    row.isAsked = false;
    // The others would be told the same: they wait until somebody has found more credits.
    if (error.status === 402) this.isBroke = true;
  }

  #move(row, state, sent) {
    Object.assign(row, { state, sent });
    this.changed(row);
  }
}
