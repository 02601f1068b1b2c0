// Photos from wherever people have them: dropped anywhere, pasted, picked, whole folders. Each as {file, path}.

/** Calls `take` with the photos of each drop and paste on this page, and `ready` with whether something hangs over it. */
export function gatherFromPage({ take, ready }) {
  let depth = 0;
  const hasFiles = (event) => Array.from(event.dataTransfer?.types ?? []).includes("Files");
  const end = () => { depth = 0; ready(false); };
  addEventListener("dragenter", (event) => { if (hasFiles(event)) { depth += 1; ready(true); } });
  addEventListener("dragleave", (event) => { if (hasFiles(event) && --depth <= 0) end(); });
  addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
  addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    end();
    take(await photosDropped(event.dataTransfer));
  });
  addEventListener("paste", (event) => {
    const files = Array.from(event.clipboardData?.files ?? []);
    if (!files.length) return;
    event.preventDefault();
    take(files.map((file) => ({ file, path: file.name || "pasted.png" })));
  });
}

/** The photos of a file input; those of a folder keep where they lie in it. */
export function photosPicked(files) {
  return Array.from(files)
    .map((file) => ({ file, path: file.webkitRelativePath || file.name, inFolder: Boolean(file.webkitRelativePath) }))
    .filter(isWanted);
}

async function photosDropped(transfer) {
  // The entries must be asked for before the first await: afterwards the browser has emptied the list.
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return photosPicked(transfer.files);
  const found = await Promise.all(entries.map((entry) => photosIn(entry, "")));
  return found.flat().filter(isWanted);
}

async function photosIn(entry, folder) {
  const path = folder + entry.name;
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, path, inFolder: Boolean(folder) }];
  }
  const photos = [];
  for (const child of await childrenOf(entry)) photos.push(...await photosIn(child, `${path}/`));
  return photos;
}

async function childrenOf(folder) {
  const reader = folder.createReader(), children = [];
  for (;;) { // a reader gives a hundred entries at a time
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return children;
    children.push(...some);
  }
}

/** What lies in folders beside the photos is left alone; what somebody names themselves is always tried. */
function isWanted({ file, inFolder }) {
  return !inFolder || file.type.startsWith("image/");
}
