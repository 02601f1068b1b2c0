// Taking pictures away: as a file, as a ZIP of all, to the clipboard.

import { composed } from "./compositor.js";
import { withoutDoubles, zip } from "./zip.js";

const FORBIDDEN = /[<>:"\\|?*\u0000-\u001f]/g;
const RESERVED = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)/i;

/** What a cutout is called beside its photo, so that Windows takes it too: `trip/cat.jpg` becomes `trip/cat-cutout.png`. */
export function nameFor(path, ending) {
  return `${path.replace(/\.[^./]*$/, "") || "photo"}-cutout.${ending}`.split("/").map(allowedName).join("/");
}

/** Returns the file or folder name with `_` for what Windows forbids: characters, dots and blanks at the end, device names. */
function allowedName(name) {
  const allowed = name.normalize("NFC").replace(FORBIDDEN, "_").replace(/[. ]+$/, "_");
  return RESERVED.test(allowed) ? `_${allowed}` : allowed;
}

/** Saves the row's picture as it is composed now. */
export async function download(row, options) {
  const { blob, ending } = await composed(row, options);
  save(blob, nameFor(row.path, ending).split("/").pop());
  row.isTaken = true;
}

/** Saves all rows as one ZIP in which folders are as they were. */
export async function downloadAll(rows, options, progress) {
  const made = [];
  for (const row of rows) {
    progress(made.length);
    made.push({ row, ...await composed(row, options) });
  }
  const names = withoutDoubles(made.map(({ row, ending }) => nameFor(row.path, ending)));
  const entries = made.map(({ blob }, index) => ({ name: names[index], blob, modified: Date.now() }));
  save(await zip(entries), "cutouts.zip");
  for (const row of rows) row.isTaken = true;
}

export function canCopy() {
  return Boolean(navigator.clipboard?.write && window.ClipboardItem);
}

/** Puts the picture on the clipboard, which takes PNG only. */
export function copyImage(row, options) {
  const picture = composed(row, { ...options, format: "png" }).then(({ blob }) => blob);
  return navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
}

function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // slow disks are still reading
}
