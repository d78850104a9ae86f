/* Look inside a generator: what each layer makes of z, and the picture without one channel, or with more of it. */

const A_PIECE = 1e7; // multiplications measured in one go: a few milliseconds, so that no slider waits
const A_REST = 80; // milliseconds without a move, before anything is measured
const TO_BEGIN = "Press a tile: its channel is switched off. What does the picture lose?";

async function lookInside(root, spec) {
  const engine = await openGenerator(spec.generators[0].network);
  await new Insider(root, spec, engine).first; // until then the still picture is shown
}

class Insider {
  constructor(root, spec, engine) {
    Object.assign(this, { root, spec, engine, network: spec.generators[0].network, label: spec.label });
    this.strengths = new Map(); // of a tile: what its channel is multiplied by, if not by 1
    this.first = new Promise((resolve, reject) => {
      this.neverDrawn = reject;
      root.addEventListener("drawn", resolve, { once: true });
    });
    this.drawing = newestWish(() => this.draw(), (error) => this.fail(error));
    const { latent_dim, labels } = this.network, start = [latent_dim + (labels ? labels[0].length : 0), 1];
    const most = [0, 1].map((axis) => Math.max(start[axis], ...spec.stages.map(({ shape }) => shape[axis])));
    this.floors = spec.stages.slice(0, -1).map((stage, i) => new Floor(stage, i + 1, most, (k) => this.press(i, k)));
    this.makeControls();
    this.layOut(start, most);
    this.fromSeed(spec.seed);
  }

  makeControls() {
    const canvas = () => element("canvas", { role: "img", "aria-label": "not drawn yet" }), { classes } = this.spec;
    [this.picture, this.before, this.change] = [canvas(), canvas(), canvas()];
    this.told = element("p", { role: "status" }, TO_BEGIN);
    this.alarm = element("p", { role: "alert" });
    const named = { "aria-label": "strength of the channel pressed last" };
    this.strength = element("input", { type: "range", min: 0, max: 4, step: 0.1, ...named });
    this.strength.addEventListener("input", () => this.set(this.strength.valueAsNumber));
    this.strengthValue = element("output");
    this.strengthRow = element("label", { hidden: "" }, element("span", {}, "strength"), this.strength, this.strengthValue);
    this.back = button("All channels back", () => this.putBack());
    this.back.disabled = true;
    this.seedBox = element("input", { type: "number", min: 0, max: 4294967295, step: 1 });
    this.seedBox.addEventListener("change", () => this.fromSeed(this.seedBox.valueAsNumber));
    this.labels = classes && labelList(classes, (label) => { this.label = label; this.renew(); });
    this.labels?.show(this.label);
    this.sliders = this.spec.dims.map((k) => {
      const range = element("input", { type: "range", min: -3, max: 3, step: 0.05, "aria-label": `latent dimension ${k}` });
      range.addEventListener("input", () => { this.z[k] = range.valueAsNumber; this.renew(); });
      return { k, range, value: element("output") };
    });
  }

  layOut(start, most) {
    // Names are spelled out: a built page keeps the rules of such names.
    const part = (name, ...children) => element("div", { class: name }, ...children);
    const seen = (words, node) => element("div", {}, node, element("p", {}, words));
    const { network: { labels }, spec: { stages }, sliders } = this, { shape, layers, weights } = stages.at(-1);
    const knob = ({ k, range, value }) => element("label", {}, element("code", {}, `z[${k}]`), range, value);
    const end = `${layers} · ${weights.toLocaleString("en")} weights`;
    this.root.append(part("gan-inside",
      part("gan-seen",
        part("gan-trio", seen("the picture", this.picture), seen("before", this.before), seen("change", this.change)),
        this.told, part("gan-sliders", this.strengthRow), part("gan-buttons", this.back), this.alarm),
      part("gan-floors",
        element("p", {}, "A tile is one channel; black is 0. Below it: by how many grey levels of 255 the picture changes without it."),
        floorRow(start, most, `${start[0]} numbers`, labels ? "z, and what stands for the label" : "z"),
        ...this.floors.map(({ node }) => node),
        floorRow(shape, most, `Picture: ${shape.join(" × ")}`, end)),
      element("div", {},
        part("gan-sliders", ...sliders.map(knob)),
        part("gan-buttons", button("New z", () => this.fromSeed(Math.floor(Math.random() * 1e6))),
          element("label", {}, "seed", this.seedBox), ...(this.labels ? [this.labels.node] : [])))));
  }

  fromSeed(seed) {
    this.alarm.textContent = isSeed(seed) ? "" : `Seed ${seed} is not possible; type a whole number from 0 to 4294967295.`;
    if (!isSeed(seed)) return;
    this.seedBox.value = this.seed = seed;
    this.z = normals(seed, this.network.latent_dim);
    this.renew();
  }

  /* z or the label has changed. */
  renew() {
    this.fresh = true;
    for (const { k, range, value } of this.sliders) {
      if (range.valueAsNumber !== this.z[k]) range.value = this.z[k];
      value.textContent = this.z[k].toFixed(2);
    }
    this.redraw();
  }

  /* A tile: off, or, if it is changed, as it was. */
  press(i, k) {
    this.inHand = { i, k };
    this.set(this.floors[i].changed.has(k) ? 1 : 0);
  }

  set(strength) {
    const { i, k } = this.inHand, key = `${i} ${k}`, floor = this.floors[i];
    if (strength === 1) this.strengths.delete(key); else this.strengths.set(key, strength);
    floor.changed[strength === 1 ? "delete" : "add"](k);
    floor.mark(k);
    this.strengthRow.hidden = false;
    this.strength.value = strength;
    this.strengthValue.textContent = `× ${strength.toFixed(1)}`;
    this.redraw();
  }

  putBack() {
    for (const floor of this.floors) {
      const changed = [...floor.changed];
      floor.changed.clear();
      changed.forEach((k) => floor.mark(k));
      floor.arrange();
    }
    this.strengths.clear();
    this.strengthRow.hidden = true;
    this.inHand = undefined;
    this.redraw();
  }

  /* One z, once for each picture, with what its label puts behind it. */
  inputs(pictures) {
    const { z, label, network: { labels } } = this, one = [...z, ...(labels ? labels[label] : [])];
    return Float32Array.from(Array(pictures).fill(one).flat());
  }

  redraw() {
    this.stopMeasuring();
    this.drawing();
  }

  fail(error) {
    this.neverDrawn(error);
    this.alarm.textContent = `The generator stopped: ${error.message}. Load the page again.`;
  }

  /* The picture, with its changes beside the one without; then, if nothing moves, what each channel is worth. */
  async draw() {
    const { floors, inHand, fresh, spec: { stages } } = this, ends = stages.map(({ end }) => end);
    const strengths = new Map(this.strengths);
    const changes = [...strengths].map(([key, strength]) => {
      const [i, channel] = key.split(" ").map(Number);
      return { end: ends[i], channels: floors[i].channels, channel, strength };
    });
    const pictures = changes.length ? 2 : 1;
    this.fresh = false;
    const given = await this.engine.look({ inputs: this.inputs(pictures), pictures, ends, strengths: changes });
    const base = given.map((value) => value.subarray(0, value.length / pictures)); // without changes
    const now = given.map((value) => value.subarray(value.length - value.length / pictures));
    floors.forEach((floor, i) => {
      if (fresh) floor.renew(base[i]);
      if (!floor.now) floor.arrange();
      floor.paint(now[i]);
    });
    this.base = base.at(-1);
    this.show(now.at(-1), strengths, inHand);
    this.root.dispatchEvent(new CustomEvent("drawn", { bubbles: true }));
    this.stopMeasuring();
    this.soon = setTimeout(() => this.measure().catch((error) => this.fail(error)), A_REST);
  }

  show(picture, strengths, inHand) {
    const { base, network: { shape } } = this, levels = (v) => Math.round((v + 1) * 127.5);
    const change = picture.map((v, i) => Math.abs(v - base[i])), most = change.reduce((a, b) => Math.max(a, b), 1e-12);
    paint(this.picture, Uint8ClampedArray.from(picture, levels), shape);
    paint(this.before, Uint8ClampedArray.from(base, levels), shape);
    paint(this.change, Uint8ClampedArray.from(change, (v) => (255 * v) / most), shape);
    const words = movedWords(moved(base, picture, shape[0])), n = strengths.size;
    const who = `the picture of z from seed ${this.seed}`; // and from where the sliders stand
    this.picture.setAttribute("aria-label", n ? `${who}, ${n === 1 ? "one channel" : `${n} channels`} changed` : who);
    this.before.setAttribute("aria-label", `${who}, nothing changed`);
    this.change.setAttribute("aria-label", n ? "where the picture has changed; white: most" : "nothing has changed");
    this.back.disabled = !n;
    if (!inHand) this.told.textContent = TO_BEGIN;
    else this.told.textContent = `${handWords(inHand, strengths)} ${n ? `This ${words}.` : "The picture is as it was."}`;
  }

  stopMeasuring() {
    clearTimeout(this.soon);
    this.measuring = {};
  }

  /* Piece by piece, until something moves. */
  async measure() {
    const { floors, measuring, base: picture, network: { layers, shape: [colours] } } = this;
    for (const floor of floors.slice().reverse()) { // the last ones cost least
      const { base: value, channels, stage: { end } } = floor, cost = multiplications(layers.slice(end + 1));
      while (floor.waiting.length) {
        const some = floor.waiting.slice(0, Math.max(1, Math.min(32, Math.floor(A_PIECE / cost))));
        const effects = await this.engine.effects({ value, end, channels, some, picture, colours });
        if (measuring !== this.measuring) return;
        floor.take(some, effects);
        await new Promise((resolve) => setTimeout(resolve)); // let the page breathe
        if (measuring !== this.measuring) return;
      }
    }
  }
}

function handWords({ i, k }, strengths) {
  const strength = strengths.get(`${i} ${k}`), others = strengths.size - (strength !== undefined);
  const is = { undefined: "back as it was", 0: "off" }[strength] ?? `${strength.toFixed(1)} times as strong`;
  return `Channel ${k} of layer ${i + 1} is ${is}${others ? `, and ${others} more ${others === 1 ? "is" : "are"} changed` : ""}.`;
}

mount("inside", lookInside);
