// Says what went wrong with a passkey in words, where allauth's script would only write to the console.

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const trouble = document.getElementById("passkey_trouble");
  trouble.textContent = trouble.dataset.words;
  trouble.hidden = false;
});
