// Run by the test with node_modules of the client remove.bg: make calls with it and print what came of each.
// Argument: the facts of the test as JSON. One JSON object a line: what the client returned or rejected with.

const fs = require('fs');
const {
  removeBackgroundFromImageBase64,
  removeBackgroundFromImageFile,
  removeBackgroundFromImageUrl,
} = require('remove.bg');

const facts = JSON.parse(process.argv[2]);

async function tell(situation, call) {
  let told;
  try {
    const { base64img, ...returned } = await call();
    told = { returned: { ...returned, starts: base64img.slice(0, 8) } };
  } catch (rejected) {
    told = { rejected: rejected instanceof Error ? String(rejected) : rejected };
  }
  console.log(JSON.stringify({ situation, ...told }));
}

function file(key, options) {
  return removeBackgroundFromImageFile({ apiKey: facts.keys[key], path: 'photo.jpg', ...options });
}

async function main() {
  await tell('file', () => file('rich', { size: 'auto', outputFile: 'from_file.png' }));
  await tell('url', () =>
    removeBackgroundFromImageUrl({
      apiKey: facts.keys.rich,
      url: facts.photo_url,
      size: 'regular',
      type: 'person',
      bg_color: '81d4fa',
      outputFile: 'from_url.jpg',
    }),
  );
  await tell('base64', () =>
    removeBackgroundFromImageBase64({
      apiKey: facts.keys.rich,
      base64img: fs.readFileSync('photo.jpg').toString('base64'),
      outputFile: 'from_base64.png',
    }),
  );
  await tell('options', () =>
    file('rich', {
      size: 'full',
      crop: true,
      crop_margin: '10px 20px',
      roi: '0% 0% 100% 100%',
      scale: 'original',
      position: 'original',
      channels: 'alpha',
      add_shadow: false,
      outputFile: 'options.png',
    }),
  );
  await tell('bad option', () => file('rich', { size: 'huge' }));
  await tell('no image', () => file('rich', { path: 'text.jpg' }));
  await tell('missing url', () => removeBackgroundFromImageUrl({ apiKey: facts.keys.rich, url: facts.missing_url }));
  await tell('wrong key', () => file('wrong'));
  await tell('no credits', () => file('poor'));
  await tell('no subject', () => file('narrow', { path: 'blank.png' }));
  await tell('too many', () => file('narrow'));
  await tell('too many', () => file('narrow'));
}

fs.writeFileSync('text.jpg', 'this is no image');
main();
