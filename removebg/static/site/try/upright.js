// The photo as the server sees it. Chromium ignores the EXIF orientation of WebP files, and of some PNG files.

const ORIENTATION_TAG = 0x0112, SHORT = 3, WEBP_START = 12, PNG_START = 8;
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
  const bytes = new DataView(await file.arrayBuffer()), exif = findChunk(bytes, kind);
  const found = exif && findOrientation(exif);
  if (!found) return file;
  exif.setUint16(found.at, 1, found.isLittle); // or a browser that applies it would turn the picture twice
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
  if (nameAt(bytes, 0) === "RIFF" && nameAt(bytes, 8) === "WEBP") return { from: WEBP_START, name: "EXIF", chunkAt: webpChunk };
  if (nameAt(bytes, 0) === "\x89PNG") return { from: PNG_START, name: "eXIf", chunkAt: pngChunk };
  return null;
}

/** Returns the content of the first chunk of that name before the picture's end, or null. */
function findChunk(bytes, { from, name, chunkAt }) {
  const size = from === WEBP_START ? Math.min(bytes.byteLength, 8 + bytes.getUint32(4, true)) : bytes.byteLength;
  for (let at = from; at + 8 <= size;) {
    const chunk = chunkAt(bytes, at);
    if (chunk.name === name) return new DataView(bytes.buffer, chunk.start, chunk.length);
    if (chunk.name === "IEND") break;
    at = chunk.end;
  }
  return null;
}

function webpChunk(bytes, at) {
  const length = bytes.getUint32(at + 4, true);
  return { name: nameAt(bytes, at), start: at + 8, length, end: at + 8 + length + (length % 2) };
}

function pngChunk(bytes, at) {
  const length = bytes.getUint32(at);
  return { name: nameAt(bytes, at + 4), start: at + 8, length, end: at + 12 + length };
}

/** Returns {orientation: 2..8, at, isLittle} from an EXIF block, or null where the picture is stored upright. */
function findOrientation(exif) {
  const start = nameAt(exif, 0) === "Exif" ? 6 : 0;
  const isLittle = { "II*\0": true, "MM\0*": false }[nameAt(exif, start)];
  if (isLittle === undefined) return null;
  const directory = start + exif.getUint32(start + 4, isLittle), entries = exif.getUint16(directory, isLittle);
  for (let entry = directory + 2; entry < directory + 2 + 12 * entries; entry += 12) {
    const tag = exif.getUint16(entry, isLittle), kind = exif.getUint16(entry + 2, isLittle);
    const count = exif.getUint32(entry + 4, isLittle), orientation = exif.getUint16(entry + 8, isLittle);
    exif.getUint16(entry + 10); // throws where the entry is cut off
    if (tag !== ORIENTATION_TAG || kind !== SHORT || count !== 1 || orientation < 1 || orientation > 8) continue;
    return orientation in TRANSFORMS ? { orientation, at: entry + 8, isLittle } : null;
  }
  return null;
}

function nameAt(bytes, at) {
  return String.fromCharCode(...[0, 1, 2, 3].map((offset) => bytes.getUint8(at + offset)));
}
