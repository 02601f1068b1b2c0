// Run by the test with node_modules of the client removd: make calls with it and print what came of each.
// Argument: the facts of the test as JSON. One JSON object a line: what the client returned.

const fs = require('fs');
const path = require('path');
const removd = require('removd');

const facts = JSON.parse(process.argv[2]);

async function tell(situation, call) {
  const returned = await call();
  if (returned.destination) {
    returned.destination = path.basename(returned.destination);
  }
  console.log(JSON.stringify({ situation, returned }));
}

function file(key, options) {
  const destination = path.resolve('from_file.png');
  return removd.file({ apikey: facts.keys[key], source: 'photo.jpg', destination, ...options });
}

function url(options) {
  return removd.url({ apikey: facts.keys.rich, destination: path.resolve('from_url.png'), ...options });
}

// For the account it reads its key from the environment only.
async function account(key) {
  process.env.REMOVD_API_KEY = facts.keys[key];
  try {
    return await removd.account({});
  } finally {
    delete process.env.REMOVD_API_KEY;
  }
}

async function main() {
  await tell('file', () => file('rich'));
  await tell('url', () =>
    url({ source: facts.photo_url, size: 'auto', format: 'jpg', background: 'red', detect: 'person' }),
  );
  await tell('base64', () =>
    removd.base64({
      apikey: facts.keys.rich,
      source: 'photo.txt',
      destination: path.resolve('from_base64.png'),
      toImage: true,
      channels: 'alpha',
    }),
  );
  await tell('account', () => account('rich'));
  await tell('account with a wrong key', () => account('wrong'));
  // It looks at the picture itself before it passes the address on.
  await tell('missing url', () => url({ source: facts.once_url }));
  await tell('wrong key', () => file('wrong'));
  await tell('no credits', () => file('poor'));
  await tell('no subject', () => file('narrow', { source: 'blank.png' }));
  await tell('too many', () => file('narrow'));
  await tell('too many', () => file('narrow'));
}

const encoded = fs.readFileSync('photo.jpg').toString('base64');
fs.writeFileSync('photo.txt', `data:image/jpeg;base64,${encoded}`);
main();
