/* Find z: a picture is chosen or drawn, and gradient descent looks for the z whose picture is nearest. */

const A_FRAME = 2, UNSEEN = 20; // steps between two pictures; the same where the reader wants no motion
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

async function findZ(root, spec) {
  const { network } = spec.generators[0], torch = smallTorch(await compileKernel());
  const text = network.data ?? await besideThePage("generators", network.name, "weights");
  new Finder(root, spec, torch, text);
}

class Finder {
  constructor(root, spec, torch, text) {
    Object.assign(this, { root, spec, torch, text, network: spec.generators[0].network, running: 0, label: spec.label });
    this.levels = spec.pictures.map(readBytes); // of each picture, channels last
    this.makeControls();
    this.layOut();
    this.choose(0);
  }

  makeControls() {
    const { network: { shape: [, height, width] }, levels } = this;
    const canvas = (name) => element("canvas", { role: "img", "aria-label": name });
    this.target = canvas("");
    this.found = canvas("");
    this.missed = canvas("");
    this.sketch = new Sketch(this.target, width, height, (changed) => this.showTarget(changed));
    this.choices = levels.map((level, i) => {
      const small = element("canvas"), node = button("", () => this.choose(i));
      paint(small, level, this.network.shape);
      node.append(small);
      node.setAttribute("aria-label", this.spec.names[i]);
      return node;
    });
    this.own = button("Draw one", () => this.choose(-1));
    this.clear = button("Clear", () => this.sketch.clear());
    this.go = button("Find z", () => (this.running ? this.stop() : this.find()));
    this.go.className = "gan-train";
    this.labels = this.spec.classes && labelList(this.spec.classes, (label) => { this.label = label; this.showTarget(true); });
    this.labels?.show(this.label);
    this.told = element("p", { role: "status" });
    this.alarm = element("p", { role: "alert" });
  }

  layOut() {
    const part = (name, ...children) => element("div", { class: name }, ...children); // spelled out: a built page keeps the rules of such names
    const seen = (words, node) => element("div", {}, node, element("p", {}, words));
    const { steps } = this.spec;
    this.chart = new SmallChart(["error of the best start", "of the worst"], [0, steps], [0, 1]);
    this.chart.say(`over ${steps} steps`, "the error, once it is looked for");
    const choices = part("gan-choices", ...this.choices, this.own);
    choices.setAttribute("role", "group");
    choices.setAttribute("aria-label", "the picture to look for");
    this.root.append(
      element("p", {}, "Choose a picture and press Find z. Then draw one that the generator has never seen: how near does it come?"),
      choices,
      part("gan-trio", seen("x, the picture", this.sketch.easel), seen("G(z), the nearest found", this.found), seen("|G(z) − x|", this.missed)),
      part("gan-buttons", this.go, this.clear, ...(this.labels ? [this.labels.node] : [])),
      this.told, this.chart.node, this.alarm);
  }

  /* One of the pictures, or, −1, the reader's own. */
  choose(i) {
    this.chosen = i;
    [...this.choices, this.own].forEach((node, k) => node.setAttribute("aria-pressed", k === (i < 0 ? this.choices.length : i)));
    this.clear.hidden = i >= 0;
    this.sketch.use(i < 0);
    this.showTarget(true);
    this.told.textContent = i < 0 ? "Draw on x, in white on black; then press Find z." : "Press Find z.";
  }

  /* The grey levels looked for, channels last. */
  get wanted() {
    const [channels] = this.network.shape, { levels } = this.sketch;
    return this.chosen < 0 ? Uint8Array.from({ length: channels * levels.length }, (_, i) => levels[Math.floor(i / channels)]) : this.levels[this.chosen];
  }

  /* changed: it is another one, so that nothing of it is found yet. */
  showTarget(changed) {
    const { wanted, network: { shape }, sketch: { on, cursor, width } } = this, shown = wanted.slice();
    if (on && cursor) for (let c = 0, at = cursor[1] * width + cursor[0]; c < shape[0]; c++) shown[at * shape[0] + c] ^= 128;
    paint(this.target, shown, shape);
    this.target.setAttribute("aria-label", this.chosen < 0 ? "x, what you have drawn" : `x, ${this.spec.names[this.chosen]}`);
    if (!changed) return;
    this.stop();
    for (const canvas of [this.found, this.missed]) {
      canvas.width = shape[2]; // which empties it
      canvas.height = shape[1];
      canvas.setAttribute("aria-label", "not looked for yet");
    }
  }

  stop() {
    this.running = 0;
    this.go.textContent = "Find z";
    this.alarm.textContent = "";
  }

  /* A few steps a frame, so that one sees how the picture comes about; where there are no frames, nothing is computed. */
  async find() {
    const mine = this.running = Math.random(), { torch, spec, network } = this;
    this.go.textContent = "Stop";
    this.alarm.textContent = "";
    try {
      const generator = differentiable(torch, network, this.text, this.label);
      const target = Float32Array.from(this.wanted, (v) => v / 127.5 - 1);
      const descent = this.descent = new Descent(torch, generator, target, { ...spec, latent_dim: network.latent_dim });
      this.show(false);
      while (descent.steps < spec.steps) {
        await new Promise(requestAnimationFrame);
        if (mine !== this.running || !this.root.isConnected) return;
        for (let i = calm() ? UNSEEN : A_FRAME; i && descent.steps < spec.steps; i--) descent.step();
        if (!calm()) this.show(false);
      }
      this.stop();
      this.show(true);
    } catch (error) {
      this.stop();
      this.alarm.textContent = `This did not work: ${error.message}.`;
    }
  }

  show(done) {
    const { descent, descent: { best, steps, curves }, network: { shape, latent_dim }, wanted } = this;
    const picture = Uint8ClampedArray.from(descent.picture(best), (v) => Math.round((v + 1) * 127.5));
    const last = curves.map((curve) => curve.at(-1)), worst = last.indexOf(Math.max(...last)), error = last[best].toFixed(3);
    paint(this.found, picture, shape);
    paint(this.missed, picture.map((v, i) => Math.abs(v - wanted[i])), shape);
    this.found.setAttribute("aria-label", `G(z) after ${steps} steps, error ${error}`);
    this.missed.setAttribute("aria-label", `where G(z) differs from x after ${steps} steps; white: much`);
    this.chart.ys = [0, Math.max(...curves[best], ...curves[worst], 1e-9)];
    [best, worst].forEach((k, i) => this.chart.draw(i, curves[k].map((v, step) => [step, v])));
    const fell = `the error of the best start, from ${curves[best][0].toFixed(3)} to ${error} in ${steps} steps`;
    this.chart.say(`from 0 to ${this.chart.ys[1].toFixed(2)} · over ${this.spec.steps} steps`, fell);
    const first = curves.reduce((sum, curve) => sum + curve[0], 0) / curves.length;
    const usual = `|z| = ${descent.length(best).toFixed(1)}; random z have about ${Math.sqrt(latent_dim).toFixed(1)}`;
    const words = `${steps} steps from ${curves.length} random z: error ${error}, at first ${first.toFixed(3)} (mean). ${usual}.`;
    if (done || !this.told.textContent.startsWith("Looking")) this.told.textContent = done ? words : "Looking …";
  }
}

mount("find", findZ);
