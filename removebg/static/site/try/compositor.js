// From a cutout to the picture somebody takes away: corrected, cropped, sized, on a background. All in the browser.

import { paintAll } from "./brush.js";
import { upright } from "./upright.js";

const TYPES = { png: "image/png", jpg: "image/jpeg", webp: "image/webp" };
const LOSSY_QUALITY = 0.92;
const ROWS_AT_ONCE = 256;

/** A canvas with its 2D context. */
export function newCanvas(width, height, options) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  return { canvas, context: canvas.getContext("2d", options) };
}

/** The cutout of a row with its strokes, at full size, on a canvas of its own. */
export async function corrected(row) {
  const cutout = await createImageBitmap(row.cutout);
  const { canvas, context } = newCanvas(cutout.width, cutout.height);
  context.drawImage(cutout, 0, 0);
  if (row.strokes.length) paintAll(context, row.strokes, await createImageBitmap(await upright(row.file)));
  return canvas;
}

/** The bounds of what is at least `minAlpha` opaque: {left, top, width, height}, or null where there is nothing. */
export function boundsOf(canvas, minAlpha) {
  const { width, height } = canvas;
  const { context } = newCanvas(width, ROWS_AT_ONCE, { willReadFrequently: true });
  let left = width, right = -1, top = -1, bottom = -1;
  for (let from = 0; from < height; from += ROWS_AT_ONCE) {
    const rows = Math.min(ROWS_AT_ONCE, height - from);
    context.clearRect(0, 0, width, ROWS_AT_ONCE);
    context.drawImage(canvas, 0, -from);
    const { data } = context.getImageData(0, 0, width, rows);
    for (let y = 0; y < rows; y += 1) {
      for (let x = 0, at = y * width * 4 + 3; x < width; x += 1, at += 4) {
        if (data[at] < minAlpha) continue;
        if (x < left) left = x;
        if (x > right) right = x;
        if (top < 0) top = from + y;
        bottom = from + y;
      }
    }
  }
  return right < 0 ? null : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** The part of the photo that is delivered, as POST /v1/remove has it; it may reach beyond the photo. */
export function frameOf({ width, height }, bounds, { crop, padding }) {
  if (crop === "false" || !bounds) return { left: 0, top: 0, width, height };
  const across = Math.round(bounds.width * padding), down = Math.round(bounds.height * padding);
  const frame = { left: bounds.left - across, top: bounds.top - down, width: bounds.width + 2 * across, height: bounds.height + 2 * down };
  return crop === "true" ? frame : widened(frame, ...crop.split(":").map(Number));
}

function widened(frame, across, down) {
  const width = Math.max(frame.width, Math.round((frame.height * across) / down));
  const height = Math.max(frame.height, Math.round((width * down) / across));
  const left = frame.left - Math.floor((width - frame.width) / 2), top = frame.top - Math.floor((height - frame.height) / 2);
  return { left, top, width, height };
}

/** How large a frame is delivered: `size` as the page's facts have it. */
export function sizeOf(frame, { max_side_px: side, max_pixels: pixels }) {
  const bySide = side ? side / Math.max(frame.width, frame.height) : 1;
  const byPixels = pixels ? Math.sqrt(pixels / (frame.width * frame.height)) : 1;
  const factor = Math.min(1, bySide, byPixels);
  const whole = byPixels < 1 ? (length) => Math.floor(length + 1e-6) : Math.round;
  return { width: Math.max(1, whole(frame.width * factor)), height: Math.max(1, whole(frame.height * factor)) };
}

/** Whether the server's own file is what was asked for, to the last bit. */
export function isAsDelivered(row, { format, crop, size, background }) {
  return !row.strokes.length && format === "png" && crop === "false" && !size.max_side_px && !size.max_pixels && background.kind === "none";
}

/** The picture to take away as {blob, ending}; a browser that cannot write the format gives PNG. */
export async function composed(row, options) {
  if (isAsDelivered(row, options)) return { blob: row.cutout, ending: "png" };
  const cutout = await corrected(row);
  const frame = frameOf(cutout, options.crop === "false" ? null : boundsOf(cutout, options.minAlpha), options);
  const { width, height } = sizeOf(frame, options.size);
  // Without an alpha channel a PNG of a picture on a background is what everybody expects: opaque.
  const isOpaque = options.background.kind !== "none" || options.format === "jpg";
  const { canvas, context } = newCanvas(width, height, { alpha: !isOpaque });
  drawBackground(context, options.background, isOpaque);
  context.imageSmoothingQuality = "high";
  const scale = width / frame.width;
  context.drawImage(cutout, -frame.left * scale, -frame.top * (height / frame.height), cutout.width * scale, cutout.height * (height / frame.height));
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, TYPES[options.format], LOSSY_QUALITY));
  return { blob, ending: Object.keys(TYPES).find((ending) => TYPES[ending] === blob.type) ?? "png" };
}

function drawBackground(context, background, isOpaque) {
  const { width, height } = context.canvas;
  if (!isOpaque) return;
  context.fillStyle = "#fff";
  if (background.kind === "colour") context.fillStyle = background.colour;
  if (background.kind === "gradient") context.fillStyle = gradientOn(context, background);
  context.fillRect(0, 0, width, height);
  if (background.kind === "picture" && background.picture) drawCover(context, background);
}

/** The line of a CSS linear-gradient (css-images-3, section 3.1.1). */
function gradientOn(context, { from, to, angle }) {
  const { width, height } = context.canvas;
  const radians = (angle * Math.PI) / 180, x = Math.sin(radians), y = -Math.cos(radians);
  const half = (Math.abs(width * x) + Math.abs(height * y)) / 2;
  const gradient = context.createLinearGradient(width / 2 - x * half, height / 2 - y * half, width / 2 + x * half, height / 2 + y * half);
  gradient.addColorStop(0, from);
  gradient.addColorStop(1, to);
  return gradient;
}

/** As CSS has `cover` with a position of `x` and `y`, 0..1. */
function drawCover(context, { picture, x, y }) {
  const { width, height } = context.canvas;
  const scale = Math.max(width / picture.width, height / picture.height);
  context.drawImage(picture, (width - picture.width * scale) * x, (height - picture.height * scale) * y, picture.width * scale, picture.height * scale);
}
