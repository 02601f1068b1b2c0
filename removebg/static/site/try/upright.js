// The photo as the server sees it. Chromium ignores the EXIF orientation of WebP files, and of some PNG files.

const ORIENTATION_TAG = 0x0112, SHORT = 3;
const SIDEWAYS = 5; // from this orientation on, width and height are swapped
/** Canvas transforms from a stored picture of `width` x `height` to the upright one, by EXIF orientation. */
const TRANSFORMS = {
  2: (width) => [-1, 0, 0, 1, width, 0],
  3: (width, height) => [-1, 0, 0, -1, width, height],
  4: (width, height) => [1, 0, 0, -1, 0, height],
  5: () => [0, 1, 1, 0, 0, 0],
  6: (width, height) => [0, 1, -1, 0, height, 0],
  7: (width, height) => [0, -1, -1, 0, height, width],
  8: (width) => [0, -1, 1, 0, 0, width],
};
const made = new WeakMap();

/** Resolves with the file itself, or with an upright copy where a browser may show the file turned or mirrored. */
export function upright(file) {
  if (!made.has(file)) made.set(file, turned(file).catch(() => file)); // a file that cannot be read is shown as it is
  return made.get(file);
}

async function turned(file) {
  const kind = kindOf(new DataView(await file.slice(0, 12).arrayBuffer()));
  if (!kind) return file;
  const bytes = new DataView(await file.arrayBuffer());
  const found = findOrientation(bytes, findChunk(bytes, kind));
  if (!found) return file;
  bytes.setUint16(found.at, 1, found.isLittle); // or a browser that applies it would turn the picture twice
  const picture = await createImageBitmap(new Blob([bytes], { type: file.type }));
  const { width, height } = picture, isSideways = found.orientation >= SIDEWAYS;
  const canvas = Object.assign(document.createElement("canvas"), { width: isSideways ? height : width, height: isSideways ? width : height });
  const context = canvas.getContext("2d");
  context.setTransform(...TRANSFORMS[found.orientation](width, height));
  context.drawImage(picture, 0, 0);
  picture.close();
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(blob ?? file), "image/png"));
}

/** Returns how to find the EXIF block of a WebP or PNG file; browsers read that of a JPEG themselves. */
function kindOf(bytes) {
  if (nameAt(bytes, 0) === "RIFF" && nameAt(bytes, 8) === "WEBP") return { from: 12, name: "EXIF", chunkAt: webpChunk };
  if (nameAt(bytes, 0) === "\x89PNG") return { from: 8, name: "eXIf", chunkAt: pngChunk };
  return null;
}

/** Returns where the content of the first chunk of that name begins, or null. */
function findChunk(bytes, { from, name, chunkAt }) {
  for (let at = from; at + 8 <= bytes.byteLength;) {
    const chunk = chunkAt(bytes, at);
    if (chunk.name === name) return chunk.start;
    at = chunk.end;
  }
  return null;
}

function webpChunk(bytes, at) {
  const length = bytes.getUint32(at + 4, true);
  return { name: nameAt(bytes, at), start: at + 8, end: at + 8 + length + (length % 2) };
}

function pngChunk(bytes, at) {
  return { name: nameAt(bytes, at + 4), start: at + 8, end: at + 12 + bytes.getUint32(at) };
}

/** Returns {orientation: 2..8, at, isLittle} from an EXIF block, or null where the picture is stored upright. */
function findOrientation(bytes, exif) {
  if (exif === null) return null;
  const start = nameAt(bytes, exif) === "Exif" ? exif + 6 : exif;
  const isLittle = { "II*\0": true, "MM\0*": false }[nameAt(bytes, start)];
  if (isLittle === undefined) return null;
  const directory = start + bytes.getUint32(start + 4, isLittle), entries = bytes.getUint16(directory, isLittle);
  for (let entry = directory + 2; entry < directory + 2 + 12 * entries; entry += 12) {
    if (bytes.getUint16(entry, isLittle) !== ORIENTATION_TAG || bytes.getUint16(entry + 2, isLittle) !== SHORT) continue;
    const orientation = bytes.getUint16(entry + 8, isLittle);
    return orientation in TRANSFORMS ? { orientation, at: entry + 8, isLittle } : null;
  }
  return null;
}

function nameAt(bytes, at) {
  return String.fromCharCode(...[0, 1, 2, 3].map((offset) => bytes.getUint8(at + offset)));
}
