// What every page can do: copy a value, send a form on a choice, ask before what cannot be undone.

function copy(button) {
  navigator.clipboard.writeText(button.dataset.copy).then(() => {
    const before = button.textContent;
    button.textContent = button.dataset.copied;
    announce(button.dataset.copied);
    setTimeout(() => { button.textContent = before; }, 2000);
  });
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
  const button = event.target.closest("[data-copy], [data-opens], [data-closes]");
  if (!button) return;
  if (button.dataset.copy !== undefined) copy(button);
  if (button.dataset.opens) {
    event.preventDefault(); // a link leads to the same question on a page of its own
    document.getElementById(button.dataset.opens).showModal();
  }
  if (button.dataset.closes !== undefined) button.closest("dialog").close();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-sends-form]")) event.target.form.requestSubmit();
});

for (const toast of document.querySelectorAll(".toast")) setTimeout(() => toast.remove(), 8000);
