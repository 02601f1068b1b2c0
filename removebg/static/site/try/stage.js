// The picture in work: before and after, zoom, the brush, the place of a background picture.

import { newStroke, paintAll, paintPoint } from "./brush.js";
import { isRightToLeft, splitBy } from "./compare.js";
import { boundsOf, frameOf, newCanvas } from "./compositor.js";
import { upright } from "./upright.js";

const MOST_ZOOM = 12, ZOOM_STEP = 1.5, NEAR_SPLIT_PX = 28, KEY_STEP_PX = 12;
const LEAST_BRUSH_PX = 4, MOST_BRUSH_PX = 200;

/** Shows one row of the queue in `box`; `changed(row)` is told when a stroke was made or taken back. */
export class Stage {
  constructor(box, { changed }) {
    this.changed = changed;
    const find = (name) => box.querySelector(`[data-stage="${name}"]`);
    for (const name of ["view", "sheet", "after", "backdrop", "before", "photo", "line", "ring"]) this[name] = find(name);
    this.brushSize = find("brush-size");
    Object.assign(this, { mode: "compare", row: null, zoom: 1, panX: 0, panY: 0, share: 0.5, pointers: new Map(), at: { x: 0, y: 0 } });
    this.split = splitBy(find("split"), (share) => { this.share = share; this.#place(); });
    this.#listen();
    new ResizeObserver(() => this.#place()).observe(this.view);
  }

  /** Opens a finished row; null closes. */
  async open(row, options) {
    if (this.row !== row) Object.assign(this, { zoom: 1, panX: 0, panY: 0, bounds: undefined });
    this.row = row;
    this.options = options;
    if (!row) return;
    const photo = await upright(row.file);
    const [cutout, original] = await Promise.all([createImageBitmap(row.cutout), createImageBitmap(photo)]);
    if (this.row !== row) return;
    Object.assign(this, { cutout, original });
    const { canvas, context } = newCanvas(cutout.width, cutout.height);
    canvas.className = "cutout";
    this.canvas?.remove();
    this.after.append(canvas);
    Object.assign(this, { canvas, context });
    if (this.photo.src) URL.revokeObjectURL(this.photo.src);
    this.photo.src = URL.createObjectURL(photo);
    this.#repaint();
  }

  /** Shows the row with other options: crop, background. */
  show(options) {
    this.options = options;
    if (this.row && this.canvas) this.#lay();
  }

  setMode(mode) {
    this.mode = mode;
    this.view.dataset.mode = mode;
    this.view.tabIndex = this.#isBrush() ? 0 : -1;
    this.#place();
  }

  undo() {
    this.#takeBack(this.row?.strokes, this.row?.undone);
  }

  redo() {
    this.#takeBack(this.row?.undone, this.row?.strokes);
  }

  /** Zooms by a factor about a place in the view, the middle by default. */
  zoomBy(factor, x = this.view.clientWidth / 2, y = this.view.clientHeight / 2) {
    const zoom = Math.min(MOST_ZOOM, Math.max(1, this.zoom * factor)), by = zoom / this.zoom;
    this.panX = (this.panX - (x - this.view.clientWidth / 2)) * by + (x - this.view.clientWidth / 2);
    this.panY = (this.panY - (y - this.view.clientHeight / 2)) * by + (y - this.view.clientHeight / 2);
    this.zoom = zoom;
    this.#place();
  }

  zoomIn() { this.zoomBy(ZOOM_STEP); }

  zoomOut() { this.zoomBy(1 / ZOOM_STEP); }

  fit() { this.zoomBy(1 / MOST_ZOOM); }

  resizeBrush(factor) {
    const size = this.brushSize.valueAsNumber * factor;
    this.brushSize.value = Math.min(MOST_BRUSH_PX, Math.max(LEAST_BRUSH_PX, size));
    this.#ring();
  }

  #isBrush() { return this.mode === "erase" || this.mode === "restore"; }

  #takeBack(from, to) {
    if (!from?.length) return;
    to.push(from.pop());
    this.#repaint();
    this.changed(this.row);
  }

  #repaint() {
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.context.drawImage(this.cutout, 0, 0);
    paintAll(this.context, this.row.strokes, this.original);
    this.bounds = undefined;
    this.#lay();
  }

  /** Finds the frame that is delivered, and puts the background behind it. */
  #lay() {
    const { crop, minAlpha, background, format } = this.options;
    if (crop !== "false" && this.bounds === undefined) this.bounds = boundsOf(this.canvas, minAlpha);
    this.frame = frameOf(this.canvas, crop === "false" ? null : this.bounds, this.options);
    const style = this.backdrop.style;
    const seen = background.kind === "none" && format === "jpg" ? { kind: "colour", colour: "#fff" } : background;
    style.backgroundColor = seen.kind === "colour" ? seen.colour : "";
    style.backgroundImage = { gradient: `linear-gradient(${seen.angle}deg, ${seen.from}, ${seen.to})`, picture: `url("${seen.url}")` }[seen.kind] ?? "";
    style.backgroundPosition = seen.kind === "picture" ? `${seen.x * 100}% ${seen.y * 100}%` : "";
    this.backdrop.classList.toggle("checker", seen.kind === "none");
    this.#place();
  }

  /** Puts everything where zoom, pan and split have it; all in CSS pixels of the view. */
  #place() {
    if (!this.row || !this.frame) return;
    const { clientWidth: viewWidth, clientHeight: viewHeight } = this.view, { frame } = this;
    const scale = Math.min(viewWidth / frame.width, viewHeight / frame.height) * this.zoom;
    const width = frame.width * scale, height = frame.height * scale;
    this.panX = within(this.panX, Math.max(0, (width - viewWidth) / 2));
    this.panY = within(this.panY, Math.max(0, (height - viewHeight) / 2));
    const left = (viewWidth - width) / 2 + this.panX, top = (viewHeight - height) / 2 + this.panY;
    this.scale = scale;
    box(this.sheet, left, top, width, height);
    for (const layer of [this.canvas, this.photo]) box(layer, -frame.left * scale, -frame.top * scale, this.canvas.width * scale, this.canvas.height * scale);
    const from = Math.max(0, left), to = Math.min(viewWidth, left + width), isRtl = isRightToLeft(this.view);
    const split = isRtl ? to - (to - from) * this.share : from + (to - from) * this.share, cut = Math.max(0, isRtl ? split - left : width - (split - left));
    this.before.style.clipPath = this.mode !== "compare" ? "" : isRtl ? `inset(0 0 0 ${cut}px)` : `inset(0 ${cut}px 0 0)`;
    this.line.style.left = `${split}px`;
    this.view.classList.toggle("zoomed", this.zoom > 1);
    Object.assign(this, { left, top, from, to, split: Object.assign(this.split, { px: split }) });
    this.#ring();
  }

  #ring() {
    const size = this.brushSize.valueAsNumber;
    box(this.ring, this.at.x - size / 2, this.at.y - size / 2, size, size);
  }

  #listen() {
    const { view } = this;
    view.addEventListener("pointerdown", (event) => this.#down(event));
    view.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) view.addEventListener(name, (event) => this.#up(event));
    view.addEventListener("dblclick", () => { if (this.mode === "compare") this.split.centre(); });
    view.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return; // a plain wheel scrolls the page
      event.preventDefault();
      this.zoomBy(Math.exp(-event.deltaY / 200), ...this.#placeOf(event));
    }, { passive: false });
    view.addEventListener("keydown", (event) => this.#key(event));
    this.brushSize.addEventListener("input", () => this.#ring());
  }

  #down(event) {
    if (!this.row) return;
    this.view.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.#placeOf(event));
    if (this.pointers.size === 2) {
      this.#dropStroke(); // two fingers pinch: the first one did not mean to paint
      this.#pinchFrom();
    } else if (this.pointers.size === 1) {
      this.act = this.#actOf(event);
      this.last = this.#placeOf(event);
      if (this.act === "paint") this.#beginStroke(event);
      if (this.act === "split") this.#splitAt(event);
    }
  }

  #actOf(event) {
    if (this.isPanning || event.button === 1) return "pan";
    if (this.#isBrush()) return "paint";
    if (this.mode === "place") return "place";
    const isNear = Math.abs(this.#placeOf(event)[0] - this.split.px) < NEAR_SPLIT_PX;
    return this.zoom > 1 && !isNear ? "pan" : "split";
  }

  #move(event) {
    const [x, y] = this.#placeOf(event);
    this.at = { x, y };
    if (this.#isBrush()) this.#ring();
    if (!this.pointers.has(event.pointerId)) return;
    this.pointers.set(event.pointerId, [x, y]);
    if (this.pointers.size === 2) { this.#pinch(); return; }
    const [lastX, lastY] = this.last;
    this.last = [x, y];
    if (this.act === "pan") { this.panX += x - lastX; this.panY += y - lastY; this.#place(); }
    if (this.act === "split") this.#splitAt(event);
    if (this.act === "place") this.#moveBackdrop(x - lastX, y - lastY);
    if (this.act === "paint") for (const step of event.getCoalescedEvents?.() ?? [event]) this.#extendStroke(step);
  }

  #up(event) {
    this.pointers.delete(event.pointerId);
    if (this.stroke && this.act === "paint") this.#endStroke();
    if (!this.pointers.size) this.act = null;
    else this.act = "pan";
    this.last = [...this.pointers.values()][0] ?? this.last;
  }

  #splitAt(event) {
    const [x] = this.#placeOf(event);
    const share = (x - this.from) / (this.to - this.from || 1);
    this.split.set(Math.min(1, Math.max(0, isRightToLeft(this.view) ? 1 - share : share)));
  }

  #pinchFrom() {
    const [[ax, ay], [bx, by]] = [...this.pointers.values()];
    this.pinched = { distance: Math.hypot(ax - bx, ay - by), x: (ax + bx) / 2, y: (ay + by) / 2 };
    this.act = "pinch";
  }

  #pinch() {
    const before = this.pinched;
    this.#pinchFrom();
    this.panX += this.pinched.x - before.x;
    this.panY += this.pinched.y - before.y;
    this.zoomBy(this.pinched.distance / (before.distance || 1), this.pinched.x, this.pinched.y);
  }

  /** Moves the background picture with the pointer, as far as it reaches beyond the frame. */
  #moveBackdrop(dx, dy) {
    const { background } = this.options;
    if (!background.picture) return;
    const width = this.frame.width * this.scale, height = this.frame.height * this.scale;
    const cover = Math.max(width / background.picture.width, height / background.picture.height);
    const roomX = background.picture.width * cover - width, roomY = background.picture.height * cover - height;
    if (roomX > 1) background.x = within01(background.x - dx / roomX);
    if (roomY > 1) background.y = within01(background.y - dy / roomY);
    this.#lay();
  }

  #beginStroke(event) {
    this.stroke = newStroke(this.mode, this.brushSize.valueAsNumber / 2 / this.scale);
    this.#extendStroke(event);
  }

  #extendStroke(event) {
    if (!this.stroke) return;
    const [x, y] = this.#placeOf(event);
    this.stroke.points.push([(x - this.left) / this.scale + this.frame.left, (y - this.top) / this.scale + this.frame.top]);
    paintPoint(this.context, this.stroke, this.stroke.points.length - 1, this.original);
  }

  #endStroke() {
    this.row.strokes.push(this.stroke);
    this.row.isTaken = false; // what was downloaded is not this any more
    this.row.undone.length = 0;
    Object.assign(this, { stroke: null, bounds: undefined });
    this.#lay();
    this.changed(this.row);
  }

  #dropStroke() {
    if (!this.stroke) return;
    this.stroke = null;
    this.#repaint();
  }

  /** The brush without a pointer: arrows move it, Enter paints. */
  #key(event) {
    if (!this.#isBrush() || event.target !== this.view) return;
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    if (!dx && !dy && event.key !== "Enter") return;
    event.preventDefault();
    this.at = { x: this.at.x + dx * KEY_STEP_PX, y: this.at.y + dy * KEY_STEP_PX };
    this.#ring();
    if (event.key !== "Enter") return;
    const { left, top } = this.view.getBoundingClientRect();
    this.#beginStroke({ clientX: left + this.at.x, clientY: top + this.at.y });
    this.#endStroke();
  }

  #placeOf(event) {
    const { left, top } = this.view.getBoundingClientRect();
    return [event.clientX - left - this.view.clientLeft, event.clientY - top - this.view.clientTop];
  }
}

function box(element, left, top, width, height) {
  Object.assign(element.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
}

function within(value, most) {
  return Math.min(most, Math.max(-most, value));
}

function within01(value) {
  return Math.min(1, Math.max(0, value));
}
