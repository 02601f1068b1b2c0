// One photo to the server and its cutout back, with progress, or why there is none.

/** What the server, or the line to it, had against a photo; `retryAfterS` says when to come back, if it does. */
export class Refusal extends Error {
  constructor({ status = 0, code = "", message = "", requestId = "", retryAfterS = null }) {
    super(message);
    Object.assign(this, { status, code, requestId, retryAfterS });
  }

  /** Whether the same photo may well be taken a little later. */
  get passes() {
    return [409, 429, 503].includes(this.status) && this.retryAfterS !== null;
  }
}

/** Sends the fields as a form; resolves with {blob, credits, charged}, rejects with a Refusal, or an AbortError. */
export function send(url, fields, { key = null, signal, onSent = () => {} }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const broken = () => reject(new Refusal({ message: gettext("The connection broke off. Check it, then try again.") }));
    request.open("POST", url);
    request.responseType = "blob";
    request.setRequestHeader("X-CSRFToken", csrfToken());
    const shown = document.querySelector("[name=shown_organization]");
    if (shown) request.setRequestHeader("X-Shown-Organization", shown.value);
    if (key) request.setRequestHeader("Idempotency-Key", key);
    request.upload.addEventListener("progress", (event) => onSent(event.loaded / (event.total || 1)));
    request.addEventListener("error", broken);
    request.addEventListener("timeout", broken);
    request.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")));
    request.addEventListener("load", async () => {
      if (request.status === 200) resolve(answerOf(request));
      else reject(await refusalOf(request));
    });
    signal?.addEventListener("abort", () => request.abort());
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    request.send(form);
  });
}

/** Resolves after so many seconds; rejects as `signal` is aborted. */
export function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => { clearTimeout(timer); reject(new DOMException("cancelled", "AbortError")); });
  });
}

/** A name for one photo with one set of options: sent again under it, it costs nothing again. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Read at each sending: logging in again in another tab gives a new one.
function csrfToken() {
  return document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]*)/)?.[1] ?? "";
}

function answerOf(request) {
  const number = (name) => {
    const text = request.getResponseHeader(name);
    return text === null ? null : Number(text);
  };
  return { blob: request.response, credits: number("X-Credits-Remaining"), charged: number("X-Credits-Charged") ?? 0 };
}

async function refusalOf(request) {
  const retryAfter = request.getResponseHeader("Retry-After");
  const told = { status: request.status, requestId: request.getResponseHeader("X-Request-ID") ?? "", retryAfterS: retryAfter === null ? null : Number(retryAfter) };
  try {
    const body = JSON.parse(await request.response.text());
    return new Refusal({ ...told, code: body.code, message: body.message });
  } catch { // a proxy's own page
    return new Refusal({ ...told, message: gettext("The server did not answer as it should. Try again in a moment.") });
  }
}
