// Photos of ours, for who has none at hand: a click is like dropping the file.

import { announce } from "../site.js";

/** Lets the buttons of `root` call `take` with their photo, as `gatherFromPage` does. */
export function offerSamples(root, take) {
  root?.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-sample]");
    if (!button) return;
    try {
      take([await photoAt(button.dataset.sample)]);
    } catch {
      announce(gettext("The sample could not be fetched. Check the connection, then try again."));
    }
  });
}

async function photoAt(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(answer.status);
  const name = url.split("/").pop();
  return { file: new File([await answer.blob()], name, { type: "image/jpeg" }), path: name };
}
