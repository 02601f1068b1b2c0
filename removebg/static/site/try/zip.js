// A ZIP of files that are compressed already: stored as they are (PKWARE APPNOTE 6.3.10), names in UTF-8.

const LARGEST = 0xffffffff;
const UTF8_NAMES = 0x0800;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** Returns a Blob of the entries [{name, blob, modified}]; throws a RangeError where they are 4 GB or more together. */
export async function zip(entries) {
  const parts = [], directory = [];
  let offset = 0;
  for (const { name, blob, modified } of entries) {
    const fields = fieldsOf(new TextEncoder().encode(name), blob.size, await crc32(blob), modified);
    const local = record(0x04034b50, fields, [["u16", 0]]);
    parts.push(local, fields.name, blob);
    directory.push(record(0x02014b50, { ...fields, madeBy: 20 }, [["u16", 0], ["u16", 0], ["u16", 0], ["u16", 0], ["u32", 0], ["u32", offset]]), fields.name);
    offset += local.length + fields.name.length + blob.size;
    if (offset > LARGEST) throw new RangeError("too large for a ZIP without extensions");
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = bytes([["u32", 0x06054b50], ["u16", 0], ["u16", 0], ["u16", entries.length], ["u16", entries.length], ["u32", size], ["u32", offset], ["u16", 0]]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

/** Names that some file system takes for one, by letter case or Unicode form, get a number: `a.png`, `a-2.png`. */
export function withoutDoubles(names) {
  const seen = new Set();
  return names.map((name) => {
    const [, stem, ending] = name.match(/^(.*?)(\.[^./]*)?$/);
    let free = name;
    for (let number = 2; seen.has(fileKey(free)); number += 1) free = `${stem}-${number}${ending ?? ""}`;
    seen.add(fileKey(free));
    return free;
  });
}

function fileKey(name) {
  return name.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}

/** CRC-32 as ISO 3309 has it, without holding the whole file. */
export async function crc32(blob) {
  let value = 0xffffffff;
  const reader = blob.stream().getReader();
  for (;;) {
    const { done, value: chunk } = await reader.read();
    if (done) return (value ^ 0xffffffff) >>> 0;
    for (const byte of chunk) value = TABLE[(value ^ byte) & 0xff] ^ (value >>> 8);
  }
}

function fieldsOf(name, size, crc, modified) {
  const date = new Date(modified);
  return {
    name, size, crc,
    time: (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1),
    day: (Math.max(0, date.getFullYear() - 1980) << 9) | ((date.getMonth() + 1) << 5) | date.getDate(),
  };
}

function record(signature, { name, size, crc, time, day, madeBy }, tail) {
  const made = madeBy === undefined ? [] : [["u16", madeBy]];
  return bytes([
    ["u32", signature], ...made, ["u16", 20], ["u16", UTF8_NAMES], ["u16", 0], ["u16", time], ["u16", day],
    ["u32", crc], ["u32", size], ["u32", size], ["u16", name.length], ...tail,
  ]);
}

function bytes(numbers) {
  const view = new DataView(new ArrayBuffer(numbers.reduce((sum, [kind]) => sum + (kind === "u16" ? 2 : 4), 0)));
  let at = 0;
  for (const [kind, number] of numbers) {
    if (kind === "u16") view.setUint16(at, number, true);
    else view.setUint32(at, number, true);
    at += kind === "u16" ? 2 : 4;
  }
  return new Uint8Array(view.buffer);
}
