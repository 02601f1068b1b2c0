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

// On a phone the places are a row: the open one is brought into sight.
document.querySelector(".docs-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
