/* A critic as a landscape: it learns to tell two clouds apart; its height and the length of its slope are maps. */

const HOLDS = { nothing: "wasserstein", clip: "wgan", penalty: "wgan-gp" }; // what holds the slope → the page's game
const STEEP_INKS = [[127, 60, 160], [40, 140, 70]]; // steeper than 1, flatter
const digits = (v) => String(Number(v.toPrecision(3))).replaceAll("-", "−");

async function criticLandscape(root, spec) {
  await new CriticLandscape(root, spec).open(); // until then the still picture is shown
}

class CriticLandscape {
  constructor(root, spec) {
    Object.assign(this, { root, spec, running: false, changes: {}, told: -Infinity });
    this.turn = newestWish(() => this.trainAndLook(), ({ message }) => this.halt(`The training stopped: ${message}.`));
    this.makeControls();
    this.layOut();
  }

  async open() {
    const { real, made, limit, updates, ...recipe } = this.spec;
    const opening = { recipe: { ...recipe, game: HOLDS[limit] }, real, made, side: 32 };
    this.worker = await openWorker([...TRAINER, criticTasks, steepestOf], criticTasks, opening);
    do {
      this.last = await this.worker.ask("train", { updates: updates - (this.last?.step ?? 0) });
    } while (this.last.step < updates); // in the page itself it comes in pieces
    this.show();
  }

  makeControls() {
    this.go = button("Train", () => this.change({}, !this.running));
    this.go.className = "gan-train";
    this.limit = element("select", {}, ...Object.keys(HOLDS).map((name) => element("option", {}, name)));
    this.limit.value = this.spec.limit;
    this.limit.addEventListener("change", () => this.change({ game: HOLDS[this.limit.value] }));
    this.rows = [["penalty", "weight", "penalty’s λ"], ["clip", "clip", "weights within ±"], ["", "layers", "layers"]]
      .map(([limit, ...rest]) => ({ limit, node: this.slider(...rest) }));
    this.maps = ["height f(x)", "slope |∇f(x)|"].map((title) => {
      const stage = new Stage(), about = element("p"), head = element("p", { class: "gan-title" }, title);
      return { stage, about, node: element("div", { class: "gan-play" }, head, stage.canvas, about) };
    });
    this.chart = new SmallChart(["gradient’s length at each layer, logarithmic", "a length of 1"]);
    this.status = element("p", { role: "status" });
    this.alarm = element("p", { role: "alert" });
    this.showSliders();
  }

  /* A change of depth begins anew; the others hold from the next update on. */
  slider(name, label) {
    const { [name]: value, choices: { [name]: values } } = this.spec, output = element("output");
    const input = element("input", { type: "range", min: 0, max: values.length - 1, step: 1, "aria-label": label });
    const tell = () => input.setAttribute("aria-valuetext", output.textContent = values[input.value]);
    input.value = values.indexOf(value);
    input.addEventListener("input", () => {
      tell();
      this.change({ [name]: values[input.value], anew: name === "layers" || this.changes.anew });
    });
    tell();
    return element("label", {}, element("span", {}, label), input, output);
  }

  layOut() {
    this.root.append(
      element("div", { class: "gan-buttons" }, this.go, button("Again", () => this.change({ anew: true }, true)),
        element("label", {}, "limit on the slope", this.limit)),
      element("div", { class: "gan-sliders gan-knobs" }, ...this.rows.map(({ node }) => node)),
      this.status,
      element("div", { class: "gan-plays" }, ...this.maps.map(({ node }) => node)),
      this.chart.node, this.alarm);
  }

  showSliders() {
    for (const { limit, node } of this.rows) node.hidden = limit && limit !== this.limit.value;
  }

  change(changes, running = this.running) {
    Object.assign(this.changes, changes);
    this.halt("", running);
    this.showSliders();
    this.turn();
  }

  halt(why, running = false) {
    this.running = running;
    this.go.textContent = running ? "Stop" : "Train";
    this.alarm.textContent = why;
  }

  /* Piece by piece while it runs; else a look, after what was changed. */
  async trainAndLook() {
    do {
      const { changes } = this;
      this.changes = {};
      const look = await this.worker.ask("train", { changes, updates: this.running ? Infinity : 0, ms: 40 });
      if (!this.root.isConnected) return void this.worker.close();
      await new Promise(requestAnimationFrame);
      if (this.changes.anew) continue; // meanwhile another beginning was asked for
      if (![look.value, look.steepest, ...look.layers].every(Number.isFinite)) {
        if (this.last) this.tell(); // of the last good look: a quick machine may not have told it yet
        return void this.halt("The values are too large to be numbers. Choose another limit and press Again.");
      }
      this.last = look;
      this.show();
    } while (this.running);
    this.tell();
  }

  show() {
    const { spec, chart, last: { heights, slopes, layers, places }, maps: [height, steep] } = this;
    const points = { real: spec.real, samples: spec.made, larger: 1.6 };
    const seen = { shown: { map: true, data: true, samples: true } };
    const [low, high] = limitsOf(heights), middle = (low + high) / 2;
    const logs = layers.map((v) => Math.log10(v + 1e-38));
    this.every = 0.1; // from line to line: where the slope is 1, they are as far apart
    while (high - low > 25 * this.every) this.every *= 10;
    const levels = [];
    for (let k = Math.ceil(low / this.every); k * this.every <= high; k++) levels.push(k * this.every);
    height.stage.draw({ ...points, field: heights, limits: [middle - 1, middle + 1], levels }, seen);
    steep.stage.draw({ ...points, field: slopes.map((v) => v / (1 + v)), levels: [], inks: STEEP_INKS, places }, seen);
    Object.assign(chart, { xs: [1, layers.length], ys: [Math.min(-2, ...logs), Math.max(2, ...logs)] });
    chart.draw(0, logs.map((v, i) => [i + 1, v]));
    chart.draw(1, chart.xs.map((x) => [x, 0]));
    if (performance.now() - this.told > 250) this.tell();
  }

  /* In words, at most four times a second while it trains. */
  tell() {
    const { spec: { w1 }, chart, last: { step, value, steepest, layers, places }, maps: [height, steep] } = this;
    const after = `${step.toLocaleString("en")} updates`;
    this.told = performance.now();
    this.status.textContent = `${after}: value ${digits(value)} · steepest pair K ${digits(steepest)} · value / K `
      + `${digits(value / (steepest || 1))} · W₁ ${digits(w1)}`;
    height.about.textContent = `blue: high, orange: low; a line for every ${digits(this.every)}`;
    steep.about.textContent = `violet: above 1, green: below${places ? "; × where the penalty looked" : ""}`;
    height.stage.canvas.setAttribute("aria-label", `height of the critic after ${after}`);
    steep.stage.canvas.setAttribute("aria-label", `length of its slope after ${after}`);
    const lengths = layers.map(digits);
    const ends = `at the input ${lengths[0]}, at the last ${lengths.at(-1)}`;
    chart.say(ends, `gradient’s length at each layer: ${lengths.join(", ")}`);
  }
}

mount("landscape", criticLandscape);
