// Erasing and restoring by hand: strokes over a cutout at its full size, kept as paths, so that each can be undone.

const SOLID_SHARE = 0.6; // of the brush's radius; from there its edge fades
const DABS_A_RADIUS = 5;

/** Begins a stroke: `kind` is "erase" or "restore", `radius` in pixels of the photo. */
export function newStroke(kind, radius) {
  return { kind, radius, points: [] };
}

/** Paints all strokes over the cutout in `context`; `original` gives back the colours that a restoring brush uncovers. */
export function paintAll(context, strokes, original) {
  for (const stroke of strokes) {
    for (let index = 0; index < stroke.points.length; index += 1) paintPoint(context, stroke, index, original);
  }
}

/** Paints the part of a stroke that leads to the point of this number. */
export function paintPoint(context, stroke, index, original) {
  const dabs = dabsTo(stroke, index);
  if (stroke.kind === "erase") {
    context.globalCompositeOperation = "destination-out";
    drawDabs(context, stroke.radius, dabs, 0, 0);
    context.globalCompositeOperation = "source-over";
  } else {
    restore(context, stroke.radius, dabs, original);
  }
}

/** Lays the original over the cutout where the dabs are: its own colours, as opaque as the brush. */
function restore(context, radius, dabs, original) {
  const xs = dabs.map(([x]) => x), ys = dabs.map(([, y]) => y);
  const left = Math.floor(Math.min(...xs) - radius), top = Math.floor(Math.min(...ys) - radius);
  const width = Math.ceil(Math.max(...xs) + radius) - left, height = Math.ceil(Math.max(...ys) + radius) - top;
  const layer = Object.assign(document.createElement("canvas"), { width, height });
  const pen = layer.getContext("2d");
  drawDabs(pen, radius, dabs, left, top);
  pen.globalCompositeOperation = "source-in";
  pen.drawImage(original, -left, -top, context.canvas.width, context.canvas.height);
  context.drawImage(layer, left, top);
}

function dabsTo({ points, radius }, index) {
  const [x, y] = points[index];
  if (index === 0) return [[x, y]];
  const [fromX, fromY] = points[index - 1];
  const steps = Math.max(1, Math.ceil((Math.hypot(x - fromX, y - fromY) * DABS_A_RADIUS) / radius));
  return Array.from({ length: steps }, (_, step) => {
    const share = (step + 1) / steps;
    return [fromX + (x - fromX) * share, fromY + (y - fromY) * share];
  });
}

function drawDabs(context, radius, dabs, left, top) {
  const stamp = stampOf(radius);
  for (const [x, y] of dabs) context.drawImage(stamp, x - left - radius, y - top - radius, 2 * radius, 2 * radius);
}

let lastStamp = null;

function stampOf(radius) {
  const side = Math.max(2, Math.ceil(2 * radius));
  if (lastStamp?.width === side) return lastStamp;
  lastStamp = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const context = lastStamp.getContext("2d");
  const fade = context.createRadialGradient(side / 2, side / 2, (side / 2) * SOLID_SHARE, side / 2, side / 2, side / 2);
  fade.addColorStop(0, "rgb(0 0 0)");
  fade.addColorStop(1, "rgb(0 0 0 / 0)");
  context.fillStyle = fade;
  context.fillRect(0, 0, side, side);
  return lastStamp;
}
