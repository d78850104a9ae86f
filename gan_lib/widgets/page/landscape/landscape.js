/* A critic as a landscape: it learns to tell two clouds apart; its height and the length of its slope are maps. */

const HOLDS = { // what holds the slope down → the page's game
  nothing: "wasserstein", clip: "wgan", penalty: "wgan-gp",
};
const LANDSCAPE_SLIDERS = [ // name, label, values
  ["weight", "penalty’s λ", [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]],
  ["clip", "weights within ±", [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]],
  ["layers", "layers", [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
];
const TOO_LARGE = "The critic’s values have become too large to be numbers. Choose another limit, and press Again.";
const LANDSCAPE_SIDE = 32, STEEP_INKS = [[127, 60, 160], [40, 140, 70]]; // steeper than 1, flatter
const digits = (v, n = 3) => String(Number(v.toPrecision(n))).replaceAll("-", "−");
const powerOfTen = (k) => `10${String(k).replace(/./g, (c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻")}`;

const isNumber = ({ value, steepest, layers }) => Number.isFinite(value + steepest + layers[0]);

async function criticLandscape(root, spec) {
  await new CriticLandscape(root, spec).open(); // until then the still picture is shown
}

class CriticLandscape {
  constructor(root, spec) {
    Object.assign(this, { root, spec, running: false, changes: {}, told: 0 });
    const failed = (error) => this.halt(`The training stopped: ${error.message}. Load the page again.`);
    this.turn = newestWish(() => this.trainAndLook(), failed);
    this.makeControls();
    this.layOut();
  }

  async open() {
    const { real, made, limit, updates, w1, ...recipe } = this.spec;
    const opening = { recipe: { ...recipe, game: HOLDS[limit] }, real, made, side: LANDSCAPE_SIDE };
    this.worker = await openWorker([...TRAINER, criticTasks, steepestOf], criticTasks, opening);
    do {
      this.last = await this.worker.ask("train", { updates: updates - (this.last?.step ?? 0), ms: 500 });
    } while (this.last.step < updates && isNumber(this.last));
    if (!isNumber(this.last)) throw new Error("its critic’s values have become too large to be numbers");
    this.show();
  }

  makeControls() {
    const { spec } = this, option = (name) => element("option", {}, name);
    this.go = button("Train", () => {
      this.run(!this.running);
      this.change({});
    });
    this.go.className = "gan-train";
    this.limit = element("select", {}, ...Object.keys(HOLDS).map(option));
    this.limit.value = spec.limit;
    this.limit.addEventListener("change", () => this.change({ game: HOLDS[this.limit.value] }));
    this.rows = Object.fromEntries(LANDSCAPE_SLIDERS.map(([name, ...rest]) => [name, this.slider(name, ...rest)]));
    this.maps = ["height f(x)", "length of the slope |∇f(x)|"].map((title) => {
      const stage = new Stage(), about = element("p");
      const node = element("div", { class: "gan-play" }, element("p", { class: "gan-title" }, title), stage.canvas, about);
      return { stage, about, node };
    });
    this.chart = new SmallChart(["gradient’s length at the input of each layer", "1"], [1, spec.layers], [-2, 2]);
    this.status = element("p", { role: "status" });
    this.alarm = element("p", { role: "alert" });
    this.showSliders();
  }

  /* A change of depth begins anew; the others hold from the next update on. */
  slider(name, label, values) {
    const input = element("input", { type: "range", min: 0, max: values.length - 1, step: 1 }), output = element("output");
    const tell = () => { input.setAttribute("aria-valuetext", output.textContent = values[input.value]); };
    input.value = values.findLastIndex((value) => value <= this.spec[name]);
    tell();
    input.addEventListener("input", () => {
      tell();
      this.change({ [name]: values[input.value], ...(name === "layers" ? { anew: true } : {}) });
    });
    return element("label", {}, element("span", {}, label), input, output);
  }

  layOut() {
    this.root.append(
      element("p", {}, "Where is the critic high, where is it steep? Choose another limit, and train on. Then give a clipped critic more "
        + "layers: does its slope die, or does it explode?"),
      element("div", { class: "gan-buttons" }, this.go, button("Again", () => this.again()),
        element("label", {}, "limit on the slope", this.limit)),
      element("div", { class: "gan-sliders gan-knobs" }, ...Object.values(this.rows)),
      this.status,
      element("div", { class: "gan-plays" }, ...this.maps.map(({ node }) => node)),
      this.chart.node, this.alarm);
  }

  showSliders() {
    this.rows.weight.hidden = this.limit.value !== "penalty";
    this.rows.clip.hidden = this.limit.value !== "clip";
  }

  change(changes) {
    Object.assign(this.changes, changes);
    this.alarm.textContent = "";
    this.showSliders();
    this.turn();
  }

  again() {
    this.run(true);
    this.change({ anew: true });
  }

  run(running) {
    this.running = running;
    this.go.textContent = running ? "Stop" : "Train";
  }

  halt(why) {
    this.run(false);
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
      if (this.changes.anew) continue; // what was asked for meanwhile begins anew
      if (!isNumber(look)) return void this.halt(TOO_LARGE);
      this.last = look;
      this.show();
    } while (this.running);
    this.tell();
  }

  show() {
    const { spec, last: { step, heights, slopes, layers, places }, maps: [height, steep] } = this;
    const [low, high] = limitsOf(heights), middle = (low + high) / 2, shown = { map: true, data: true, samples: true };
    const points = { real: spec.real, samples: spec.made };
    let every = 0.1; // a height of 1 is a distance of 1 at a slope of 1
    while (high - low > 25 * every) every *= 10;
    const first = Math.ceil(low / every), lines = Math.floor(high / every) - first + 1;
    const levels = Array.from({ length: lines }, (_, k) => every * (first + k));
    height.stage.draw({ ...points, field: heights, limits: [middle - 1, middle + 1], levels }, { shown });
    steep.stage.draw({ ...points, field: slopes.map((s) => s / (1 + s)), levels: [], inks: STEEP_INKS, places }, { shown });
    this.every = digits(every, 1);
    const logs = layers.map((length) => Math.log10(Math.max(length, 1e-38)));
    this.chart.xs = [1, layers.length];
    this.chart.ys = [Math.min(-2, Math.floor(Math.min(...logs))), Math.max(2, Math.ceil(Math.max(...logs)))];
    this.chart.draw(0, logs.map((log, i) => [i + 1, log]));
    this.chart.draw(1, [[1, 0], [layers.length, 0]]);
    if (performance.now() - this.told > 250) this.tell();
  }

  /* In words, at most four times a second while it trains. */
  tell() {
    const { spec: { w1 }, last: { step, value, steepest, heights, layers, places }, maps: [height, steep], chart } = this;
    this.told = performance.now();
    const updates = `${step.toLocaleString("en")} updates`, slope = digits(layers[0]), [low, high] = limitsOf(heights);
    this.status.textContent = `${updates}: value ${digits(value)}, steepest pair K ${digits(steepest)} · value / K = `
      + `${digits(value / (steepest || 1))}, W₁ = ${digits(w1)} · slope at the points ${slope} (mean)`;
    height.about.textContent = `blue: high, orange: low; a line for every ${this.every}`;
    steep.about.textContent = `violet: steeper than 1, green: flatter${places ? "; ×: where the penalty looked" : ""}`;
    height.stage.canvas.setAttribute("aria-label", `the critic’s height after ${updates}, from ${digits(low)} to ${digits(high)}`);
    steep.stage.canvas.setAttribute("aria-label", `the length of its slope after ${updates}, ${slope} at the points`);
    const range = `from ${powerOfTen(chart.ys[0])} to ${powerOfTen(chart.ys[1])}`;
    chart.say(`${range} · layers 1 to ${layers.length}`, `gradient’s length, ${range}: ${layers.map((v) => digits(v, 2)).join(", ")}`);
  }
}

mount("landscape", criticLandscape);
