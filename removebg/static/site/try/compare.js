// Before and after: a real range input decides where one ends and the other begins.

const STEP = 2, PAGE = 10, MIDDLE = 50;

/** Whether what comes first stands on the right there: so does the photo as it was before. */
export function isRightToLeft(element) {
  return getComputedStyle(element).direction === "rtl";
}

/** Ties the input to `moved(share)`, 0..1: arrows move 2 %, Page keys 10 %, a double click centres. */
export function splitBy(input, moved) {
  const tell = () => moved(input.valueAsNumber / 100);
  const set = (value) => { input.value = value; tell(); };
  input.addEventListener("input", tell);
  input.addEventListener("dblclick", () => set(MIDDLE));
  input.addEventListener("keydown", (event) => {
    const turn = isRightToLeft(input) ? -1 : 1;
    const by = { ArrowLeft: -STEP * turn, ArrowRight: STEP * turn, ArrowDown: -STEP, ArrowUp: STEP, PageDown: -PAGE, PageUp: PAGE }[event.key];
    if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    set(input.valueAsNumber + by);
  });
  tell();
  return { set: (share) => set(share * 100), centre: () => set(MIDDLE) };
}
