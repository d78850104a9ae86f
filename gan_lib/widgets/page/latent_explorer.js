/* The latent explorer on a page: sliders over single dimensions of z, one or several generators under them. */

async function exploreLatent(root, spec, figure) {
  const engines = await Promise.all(spec.generators.map(({ network }) => openGenerator(network)));
  const views = spec.generators.map((generator, i) => new LatentView(generator, engines[i]));
  await new LatentExplorer(root, spec, figure, views).first; // until then the still picture is shown
}

/* A link to a figure that the reader has not reached yet takes them there. */
addEventListener("hashchange", () => {
  const asked = readLink(Infinity, Infinity);
  if (asked) latentFigures()[asked.figure - 1]?.scrollIntoView({ block: "center" });
});
exploreLatent.wanted = (figure) => readLink(Infinity, Infinity)?.figure === latentFigures().indexOf(figure) + 1;

class LatentExplorer {
  constructor(root, spec, figure, views) {
    Object.assign(this, { root, figure, views, classes: spec.classes, size: spec.generators[0].network.latent_dim });
    Object.assign(this, { active: spec.dims[0], label: spec.label, painted: null, pinned: null, ownLink: false });
    this.first = new Promise((resolve, reject) => {
      this.failed = reject;
      root.addEventListener("drawn", resolve, { once: true });
    });
    this.redraw = newestWish((stillWanted) => this.draw(stillWanted), (error) => {
      this.failed(error);
      this.say(`The generator stopped: ${error.message}. Load the page again.`);
    });
    this.makeControls(spec);
    spec.dims.forEach((k) => this.addSlider(k));
    this.layOut();
    addEventListener("hashchange", () => this.fromLink());
    this.fromSeed(spec.seed);
    this.fromLink();
  }

  makeControls(spec) {
    this.sliders = element("div", { class: "gan-sliders" });
    this.seedBox = element("input", { type: "number", min: 0, max: 4294967295, step: 1 });
    this.dimensionBox = element("input", { type: "number", min: 0, max: this.size - 1, step: 1, value: 0 });
    const choose = (label) => { this.say(""); this.label = label; this.redraw(); };
    this.labels = this.classes && (spec.buttons ? labelButtons : labelList)(this.classes, choose);
    this.message = element("span", { role: "status" });
    this.back = button("Back to the pin", () => this.goBack());
    this.back.disabled = true;
    this.seedBox.addEventListener("change", () => this.fromSeed(this.seedBox.valueAsNumber));
  }

  layOut() {
    const row = (...children) => element("div", { class: "gan-buttons" }, ...children);
    const reset = () => { this.z = this.start.slice(); this.showAll(); };
    this.root.append(
      element("div", { class: "gan-columns" },
        ...this.views.map((view) => view.head),
        element("div", { class: "gan-controls" }, this.sliders,
          ...(this.labels ? [row(this.labels.node)] : []),
          row(button("New z", () => this.fromSeed(Math.floor(Math.random() * 1e6))),
            element("label", {}, "seed", this.seedBox), button("Reset", reset)),
          row(element("label", {}, "dimension", this.dimensionBox), button("Add slider", () => this.addDimension())),
          row(button("Pin", () => this.pin()), this.back, button("Link", () => this.link())),
          this.message)),
      element("div", { class: "gan-columns" }, ...this.views.map((view) => view.foot)));
  }

  /* First the picture; strip and map, which are slower, follow one pass at a time, as long as nothing new is wanted. */
  async draw(stillWanted) {
    const { seed, start, label, active, views } = this;
    const now = { seed, start, z: this.z.slice(), label, active, title: this.describe() };
    await Promise.all(views.map((view) => view.draw(now)));
    this.painted = now;
    this.root.dispatchEvent(new CustomEvent("drawn", { bubbles: true }));
    for (const slow of [...Array(3).fill((v) => v.drawStrip(now)), ...Array(EFFECT_PARTS).fill((v) => v.drawEffect(now))]) {
      if (!stillWanted()) return;
      await Promise.all(views.map(slow));
      await new Promise((resolve) => setTimeout(resolve)); // let the page breathe
    }
  }

  say(text) {
    this.message.textContent = text;
  }

  describe() {
    const { seed, z, active, classes, label } = this;
    return `z from seed ${seed}, z[${active}] = ${z[active].toFixed(2)}` + (classes ? `, label ${classes[label]}` : "");
  }

  slider(k) {
    return this.sliders.querySelector(`[data-k="${k}"]`) || this.addSlider(k);
  }

  addSlider(k) {
    const named = { "data-k": k, "aria-label": `latent dimension ${k}` };
    const range = element("input", { type: "range", min: -3, max: 3, step: 0.05, ...named }), value = element("output");
    const tell = () => { value.textContent = this.z[k].toFixed(2); };
    range.addEventListener("input", () => {
      this.say("");
      this.active = k;
      this.z[k] = range.valueAsNumber;
      tell();
      this.redraw();
    });
    range.addEventListener("focus", () => { if (this.active !== k) { this.active = k; this.redraw(); } });
    range.show = () => { range.value = this.z[k]; tell(); };
    this.sliders.append(element("label", {}, element("code", {}, `z[${k}]`), range, value));
    return range;
  }

  showAll() {
    this.seedBox.value = this.seed;
    this.labels?.show(this.label);
    for (const range of this.sliders.querySelectorAll("input")) range.show();
    this.redraw();
  }

  fromSeed(seed) {
    if (!isSeed(seed)) {
      this.say(`Seed ${seed} is not possible; type a whole number from 0 to 4294967295.`);
      return;
    }
    this.say("");
    this.seed = seed;
    this.start = normals(seed, this.size);
    this.z = this.start.slice();
    this.showAll();
  }

  addDimension() {
    const k = this.dimensionBox.valueAsNumber, size = this.size;
    if (!Number.isInteger(k) || k < 0 || k >= size) {
      this.say(`Latent dimension ${this.dimensionBox.value} does not exist; z has ${size}, counted from 0 to ${size - 1}.`);
      return;
    }
    this.say("");
    this.active = k;
    this.slider(k).show();
    this.slider(k).focus();
    this.redraw();
  }

  pin() {
    this.pinned = this.painted; // what is seen, also while the next picture is being computed
    this.back.disabled = false;
    for (const view of this.views) view.pin(this.pinned.title);
  }

  goBack() {
    this.say("");
    const { seed, start, z, label } = this.pinned;
    Object.assign(this, { seed, start, z: z.slice(), label });
    this.showAll();
  }

  link() {
    const hash = writeLink(this, this.classes, this.figure);
    this.ownLink = location.hash !== hash;
    location.hash = hash;
    this.say("The address of this page now shows this picture; copy it.");
  }

  fromLink() {
    const asked = this.ownLink ? null : readLink(this.size, this.classes ? this.classes.length : 0);
    this.ownLink = false;
    if (!asked || asked.figure !== latentFigures().indexOf(this.figure) + 1) return;
    this.fromSeed(asked.seed);
    this.label = asked.label ?? this.label;
    for (const [k, value] of asked.moved) {
      this.z[k] = value;
      this.slider(k);
      this.active = k;
    }
    this.showAll();
    this.say(asked.problem);
  }
}

mount("latent", exploreLatent);
