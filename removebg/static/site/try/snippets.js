// "The same by API": the call that does what the page is set to do.

/** The fields of POST /v1/remove for these options, without those that are as they would be anyway. */
export function fieldsOf({ format, size, crop, padding, quality, background }) {
  const fields = {};
  if (format !== "png") fields.format = format;
  if (size !== "full") fields.size = size;
  if (crop !== "false") fields.crop = crop;
  if (crop !== "false" && padding !== "0%") fields.padding = padding;
  if (quality !== "standard") fields.quality = quality;
  if (background.kind === "colour") Object.assign(fields, format === "jpg" ? {} : { channels: "rgb" }, { bg_color: background.colour });
  return fields;
}

/** The call in three languages: {curl, python, javascript}. */
export function snippetsFor(url, options) {
  const fields = Object.entries(fieldsOf(options)), file = `cutout.${options.format}`;
  return { curl: curl(url, fields, file), python: python(url, fields, file), javascript: javascript(url, fields, file) };
}

function curl(url, fields, file) {
  const lines = [`curl ${url}/v1/remove`, `-H "x-api-key: $KEY"`, `-F "image_file=@photo.jpg"`, ...fields.map(([name, value]) => `-F "${name}=${value}"`), `--fail-with-body -o ${file}`];
  return lines.join(" \\\n  ");
}

function python(url, fields, file) {
  const data = fields.length ? `\n    data={${fields.map(([name, value]) => `"${name}": "${value}"`).join(", ")}},` : "";
  return `import os
import requests

answer = requests.post(
    "${url}/v1/remove",
    headers={"x-api-key": os.environ["KEY"]},
    files={"image_file": open("photo.jpg", "rb")},${data}
)
answer.raise_for_status()
open("${file}", "wb").write(answer.content)`;
}

function javascript(url, fields, file) {
  const more = fields.map(([name, value]) => `form.append("${name}", "${value}");\n`).join("");
  return `import { openAsBlob, promises as fs } from "node:fs";

const form = new FormData();
form.append("image_file", await openAsBlob("photo.jpg"), "photo.jpg");
${more}const answer = await fetch("${url}/v1/remove", {
  method: "POST",
  headers: { "x-api-key": process.env.KEY },
  body: form,
});
if (!answer.ok) throw new Error((await answer.json()).message);
await fs.writeFile("${file}", Buffer.from(await answer.arrayBuffer()));`;
}
