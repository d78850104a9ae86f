/* Pictures of `count` random z from a seed, under one slider. A figure adds `makeControls`, `layOut`, `show`, for another
 * z or another place of the slider, and `draw`, which ends with `drawn`. */

class Seeded {
  constructor(root, spec, engine) {
    Object.assign(this, { root, spec, engine, network: spec.generators[0].network });
    this.first = new Promise((resolve, reject) => { // until then the still picture is shown
      this.failed = reject;
      this.drawn = resolve;
    });
    this.redraw = newestWish(() => this.draw(), (error) => {
      this.failed(error);
      this.alarm.textContent = `The generator stopped: ${error.message}. Load the page again.`;
    });
    this.value = element("output");
    this.seedBox = element("input", { type: "number", min: 0, max: 4294967295, step: 1 });
    this.seedBox.addEventListener("change", () => this.fromSeed(this.seedBox.valueAsNumber));
    this.told = element("p", { role: "status" });
    this.alarm = element("p", { role: "alert" });
    this.makeControls();
    this.layOut((name, ...children) => element("div", { class: name }, ...children));
    this.fromSeed(spec.seed);
  }

  /* The slider from 0 to `most`, named by a letter, and by words for those who hear it. */
  slide(letter, name, most, step, value) {
    this.slider = element("input", { type: "range", min: 0, max: most, step, "aria-label": name });
    this.slider.value = value;
    this.slider.addEventListener("input", () => this.show());
    return element("label", {}, element("span", {}, letter), this.slider, this.value);
  }

  /* What chooses another seed. */
  seeds(words) {
    const another = button(words, () => this.fromSeed(Math.floor(Math.random() * 1e6)));
    return [another, element("label", {}, "seed", this.seedBox)];
  }

  fromSeed(seed) {
    this.alarm.textContent = isSeed(seed) ? "" : `Seed ${seed} is not possible; type a whole number from 0 to 4294967295.`;
    if (!isSeed(seed)) return;
    this.seed = seed;
    this.seedBox.value = seed;
    this.z = normals(seed, this.spec.count * this.network.latent_dim);
    this.show();
  }
}
