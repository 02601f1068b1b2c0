// What every page can do: copy a value, ask before what cannot be undone, send a form once.

function copy(button) {
  navigator.clipboard.writeText(button.dataset.copy).then(() => {
    const before = button.textContent;
    button.textContent = button.dataset.copied;
    announce(button.dataset.copied);
    setTimeout(() => { button.textContent = before; }, 2000);
  });
}

/** Shows the question of another page in this one's dialog, or goes there. */
async function ask(address) {
  try {
    const answer = await fetch(address);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || answer.redirected) throw new Error("another page");
    const dialog = document.getElementById("question");
    dialog.replaceChildren(...page.querySelector("main").childNodes);
    dialog.showModal();
  } catch {
    location.assign(address);
  }
}

export function announce(text) {
  const toasts = document.querySelector(".toasts");
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.textContent = text;
  toasts.append(toast);
  setTimeout(() => toast.remove(), 6000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-asks], [data-closes]");
  if (!button) return;
  const dialog = button.closest("dialog");
  if (button.dataset.copy !== undefined) copy(button);
  if (button.dataset.asks !== undefined && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    ask(button.href);
  }
  if (button.dataset.closes !== undefined && dialog) {
    event.preventDefault();
    dialog.close();
  }
});

// A double click sends a form once. Who waits longer may send it again: the server knows it by its token.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent !== undefined) event.preventDefault();
  form.dataset.sent = "";
  setTimeout(() => { delete form.dataset.sent; }, 2000);
});

// On a phone the places of an organization, and those of money, are a row: the open one is brought into sight.
for (const place of document.querySelectorAll(":is(.tabs nav, .subnav) [aria-current]")) {
  place.scrollIntoView({ block: "nearest", inline: "center" });
}

for (const toast of document.querySelectorAll(".toast")) setTimeout(() => toast.remove(), 8000);
