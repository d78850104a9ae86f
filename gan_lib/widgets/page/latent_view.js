/* What one generator shows of z: the picture, the strip −3 / 0 / +3, the pixels that the dimension moves, the pin. */

const EFFECT_PARTS = 16, EFFECT_SEED = 1234, EFFECT_DELTA = 0.05; // as many z, one at a time: no long wait for a slider

/* The nodes of a view: `head` beside the sliders, `foot` below. */
function viewNodes(title) {
  const canvas = (kind) => element("canvas", { class: kind, role: "img", "aria-label": "not drawn yet" });
  const picture = canvas("gan-picture"), map = canvas("gan-map"), pinned = canvas("gan-pinned");
  const strip = [-3, 0, 3].map((value) => ({ value, canvas: canvas("gan-step") }));
  const stripTitle = element("p"), mapTitle = element("p"), pinTitle = element("p");
  const pinBox = element("div", { hidden: "" }, pinned, pinTitle);
  const head = element("div", { class: "gan-view" },
    ...(title ? [element("p", { class: "gan-title" }, title)] : []),
    picture,
    element("div", { class: "gan-strip" }, ...strip.map((s) => s.canvas), stripTitle));
  const foot = element("div", { class: "gan-view gan-pair" }, element("div", {}, map, mapTitle), pinBox);
  return { head, foot, picture, map, pinned, strip, stripTitle, mapTitle, pinTitle, pinBox };
}

/* z with dimension k at another value */
function changed(z, k, value) {
  const other = z.slice();
  other[k] = value;
  return other;
}

class LatentView {
  constructor({ title, network }, engine) {
    Object.assign(this, viewNodes(title), { network, engine, name: title ? `${title}: ` : "", stripOf: "", effectOf: "" });
  }

  /* A list of z as the network takes it: each with what the label puts behind it. */
  inputs(list, label) {
    const behind = this.network.labels ? this.network.labels[label] : [];
    return Float32Array.from(list.flatMap((z) => [...z, ...behind]));
  }

  async draw({ z, label, title }) {
    const pixels = await this.engine.draw({ inputs: this.inputs([z], label), pictures: 1 });
    paint(this.picture, pixels, this.network.shape);
    this.picture.setAttribute("aria-label", `${this.name}the generator's picture of ${title}`);
  }

  /* Its next picture, if it is not there yet; the three are shown together. */
  async drawStrip({ z, label, active }) {
    const now = `${active} ${label} ${changed(z, active, 0)}`;
    if (now !== this.stripOf) Object.assign(this, { stripOf: now, steps: [] });
    if (this.steps.length === this.strip.length) return;
    const inputs = this.inputs([changed(z, active, this.strip[this.steps.length].value)], label);
    this.steps.push(await this.engine.draw({ inputs, pictures: 1 }));
    if (this.steps.length === this.strip.length) this.showStrip(active);
  }

  showStrip(k) {
    this.strip.forEach(({ canvas: step, value }, i) => {
      paint(step, this.steps[i], this.network.shape);
      step.setAttribute("aria-label", `${this.name}the same z with z[${k}] = ${value}`);
    });
    this.stripTitle.textContent = `z[${k}] at −3, 0, 3`;
  }

  /* One part of the map; it is shown when all parts are there. Central differences, at other z than the reader's. */
  async drawEffect({ label, active }) {
    const now = `${active} ${label}`, [channels, height, width] = this.network.shape, size = this.network.latent_dim;
    if (now !== this.effectOf) Object.assign(this, { effectOf: now, parts: 0, total: new Float32Array(channels * height * width) });
    if (this.parts === EFFECT_PARTS) return;
    const z = normals(EFFECT_SEED, EFFECT_PARTS * size).slice(this.parts * size, (this.parts + 1) * size);
    const pair = [EFFECT_DELTA, -EFFECT_DELTA].map((step) => changed(z, active, z[active] + step));
    const part = await this.engine.effect({ inputs: this.inputs(pair, label), delta: EFFECT_DELTA });
    part.forEach((v, i) => { this.total[i] += v / EFFECT_PARTS; });
    if (++this.parts === EFFECT_PARTS) this.showEffect(active);
  }

  showEffect(k) {
    const most = this.total.reduce((a, b) => Math.max(a, b), 1e-12);
    paint(this.map, this.total.map((v) => Math.round((255 * v) / most)), this.network.shape);
    const strength = `${(127.5 * most).toFixed(0)} of 255 grey levels for one unit`;
    this.map.setAttribute("aria-label", `${this.name}the pixels that z[${k}] moves; white: ${strength}`);
    this.mapTitle.textContent = `pixels that z[${k}] moves; white: ${strength}`;
  }

  pin(title) {
    const { pinned, picture } = this;
    [pinned.width, pinned.height] = [picture.width, picture.height];
    pinned.getContext("2d").drawImage(picture, 0, 0);
    pinned.setAttribute("aria-label", `${this.name}pinned, the picture of ${title}`);
    this.pinTitle.textContent = `pinned: ${title}`;
    this.pinBox.hidden = false;
  }
}
