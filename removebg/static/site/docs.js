// The language that was chosen once is shown in every example from then on.
const KEY = "language";

function show(language) {
  for (const choice of document.querySelectorAll(`[data-language][value="${CSS.escape(language)}"]`)) choice.checked = true;
}

const chosen = localStorage.getItem(KEY);
if (chosen) show(chosen);

document.addEventListener("change", (event) => {
  if (event.target.dataset.language === undefined) return;
  localStorage.setItem(KEY, event.target.value);
  show(event.target.value);
});

// After a refusal the pasted call is put back. The server does not send it: there may be a key in it.
const PASTED = "pasted-call";
const paste = document.querySelector("form.paste");
if (paste) {
  const field = paste.elements.command;
  if (paste.querySelector(".fault")) field.value = sessionStorage.getItem(PASTED) ?? "";
  sessionStorage.removeItem(PASTED);
  paste.addEventListener("submit", () => sessionStorage.setItem(PASTED, field.value));
}

// On a phone the places are a row: the open one is brought into sight.
document.querySelector(".docs-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
