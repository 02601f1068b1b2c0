// What the form beside the picture is set to, in one value.

import { upright } from "./upright.js";

/** Reads the form: format, size, crop, padding, quality and background, with what each size and crop means. */
export class Options {
  constructor(form, facts) {
    Object.assign(this, { form, facts, picture: null, x: 0.5, y: 0.5 });
  }

  /** The background picture somebody chose; it stays in this browser. */
  async usePicture(file) {
    const shown = await upright(file);
    const picture = await createImageBitmap(shown);
    if (this.picture) URL.revokeObjectURL(this.picture.url);
    this.picture = { bitmap: picture, url: URL.createObjectURL(shown) };
    Object.assign(this, { x: 0.5, y: 0.5 });
  }

  read() {
    const value = (name) => this.form.elements[name].value;
    return {
      format: value("format"),
      size: this.facts.sizes[value("size")],
      sizeName: value("size"),
      crop: value("crop"),
      padding: parseFloat(value("padding")) / 100,
      paddingText: value("padding"),
      quality: value("quality"),
      minAlpha: this.facts.crop_min_alpha,
      background: this.#background(value),
    };
  }

  #background(value) {
    const kind = value("background");
    if (kind === "colour") return { kind, colour: value("bg_color") };
    if (kind === "gradient") return { kind, from: value("gradient_from"), to: value("gradient_to"), angle: Number(value("gradient_angle")) };
    if (kind === "picture" && this.picture) return this.#placed();
    return { kind: "none" };
  }

  /** The picture with its place, which dragging changes. */
  #placed() {
    const options = this;
    return {
      kind: "picture", picture: this.picture.bitmap, url: this.picture.url,
      get x() { return options.x; }, set x(value) { options.x = value; },
      get y() { return options.y; }, set y(value) { options.y = value; },
    };
  }
}
