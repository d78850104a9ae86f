/* Two bells: a CGAN and an ACGAN learn two classes that overlap, side by side, each in a worker of its own. */

const BELL_TURN = 60, BELL_LOOK = 1000; // milliseconds of training between two looks; points of a look on the way
const BELL_BINS = 40, BELL_TOP = 6; // of a histogram over −1…1; a density above is cut off

async function twoBells(root, spec) {
  await new Bells(root, spec).tail; // until then the still picture is shown
}

class Bells {
  constructor(root, spec) {
    Object.assign(this, { root, spec, seed: spec.seed, tail: Promise.resolve(), data: bellChart("data") });
    this.games = ["CGAN", "ACGAN"].map(bellChart);
    this.makeControls();
    this.layOut();
    this.act(false);
  }

  makeControls() {
    const { bells, weights, bell, weight, steps, seed } = this.spec, shares = bells.map(({ overlap }) => inShare(overlap));
    const knob = (...setting) => steppedSlider(...setting, () => this.act(true));
    this.overlap = knob("overlap", "overlap, the share of a class on the other side", shares, bell);
    this.weight = knob("λ", "lambda, the weight of the ACGAN's class term", weights, weight);
    const ended = () => this.games.every(({ step }) => step === steps);
    this.go = button("Train", () => this.act(!this.run, !this.run && ended()));
    this.go.className = "gan-train";
    this.seedBox = element("input", { type: "number", min: 0, max: 4294967295, step: 1, value: seed });
    this.seedBox.addEventListener("change", () => this.fromSeed(this.seedBox.valueAsNumber));
    this.course = new SmallChart(["CGAN", "ACGAN"], [0, steps], [0, 0.6]);
    this.told = element("p", { role: "status" });
    this.alarm = element("p", { role: "alert" });
  }

  layOut() {
    const part = (name, ...children) => element("div", { class: name }, ...children);
    this.root.append(
      element("p", {}, "Which game keeps the points on the wrong side of 0? Press Train, then move a slider: when do both agree?"),
      part("gan-panel",
        part("gan-sliders", this.overlap.node, this.weight.node),
        part("gan-buttons", this.go, element("label", {}, "seed", this.seedBox)),
        part("gan-trio", ...[this.data, ...this.games].map(({ node }) => node)),
        this.course.node, this.told, this.alarm));
  }

  fromSeed(seed) {
    if (isSeed(seed)) this.seed = seed;
    this.act(isSeed(seed));
    if (!isSeed(seed)) this.alarm.textContent = `Seed ${seed} is not possible; type a whole number from 0 to 4294967295.`;
  }

  /* Whatever asks the trainers waits for what came before, which ends soon. anew: from the first update on */
  act(trains, anew) {
    const run = (this.run = trains && {});
    this.go.textContent = trains ? "Stop" : "Train";
    this.alarm.textContent = "";
    this.tail = this.tail.then(() => this.work(run, anew)).catch((error) => {
      this.end();
      this.alarm.textContent = `The training stopped: ${error.message}. Press Train to begin again.`;
    });
  }

  end() {
    this.run = false;
    this.go.textContent = "Train";
  }

  async work(run, anew) {
    const { games, spec: { steps }, data } = this, left = () => games.filter(({ step }) => step < steps);
    if (run !== this.run) return; // a newer wish waits
    await Promise.all(games.map((game, i) => this.open(game, i, anew)));
    this.paint();
    while (run && run === this.run && left().length) {
      await Promise.all(left().map((game) => this.train(game)));
      if (!this.root.isConnected) return games.forEach(({ trainer }) => trainer.close());
      await new Promise(requestAnimationFrame);
      this.paint();
    }
    if (run === this.run) this.end();
    const told = [data, ...games].map(({ title, wrong }) => `${title} ${wrong}`);
    const seen = new Set(games.map(({ step }) => step));
    this.told.textContent = `On the wrong side, after ${[...seen].join(" and ")} updates: ${told.join(", ")}.`;
  }

  /* A new training, if another one than before is asked for. */
  async open(game, i, anew) {
    const { spec: { recipe, weights, bells, n, width }, seed } = this, { middle } = bells[this.overlap.index];
    const weight = i ? weights[this.weight.index] : 1, asked = `${middle} ${weight} ${seed}`;
    if (asked === game.asked && !anew) return;
    const data = twoClasses(n, middle, width);
    showBells(this.data, data.rows);
    game.trainer?.close();
    game.trainer = await openTrainer({ recipe: { ...recipe, seed, game: game.title.toLowerCase(), weight }, data });
    Object.assign(game, { asked, step: 0, way: [] });
    await this.look(game, BELL_LOOK);
  }

  async train(game) {
    const { steps, points } = this.spec, { trainer } = game;
    const { step, ended, diverged, raised } = await trainer.ask("train", { updates: steps - game.step, ms: BELL_TURN });
    if (ended) throw new Error(diverged ?? raised);
    game.step = step;
    await this.look(game, step === steps ? points : BELL_LOOK);
  }

  async look(game, samples) {
    game.points = (await game.trainer.ask("look", { samples })).samples;
    game.way.push([game.step, wrongSide(game.points)]);
  }

  paint() {
    const said = `on the wrong side, 0 to 60 %, over ${this.spec.steps} updates`;
    this.games.forEach((game, i) => {
      showBells(game, game.points);
      this.course.draw(i, game.way);
    });
    this.course.say(said, `the shares ${said}`);
  }
}

const inShare = (share) => `${(100 * share).toFixed(1)} %`;

/* gan_lib/chapters/two_classes.py: the same points. */
function twoClasses(n, middle, width) {
  const labels = Int32Array.from({ length: n }, (_, i) => i % 2);
  const rows = normals(0, 2 * n).map((v, j) => {
    const x = Math.fround(width * v) + (j % 2 ? 0 : middle * (j % 4 ? 1 : -1));
    return Math.max(-1, Math.min(1, x));
  });
  return { rows, n, d: 2, labels, classes: 2 };
}

/* The first coordinates of a class: the points x, y, … are of the classes 0 and 1 in turn. */
const ofClass = (points, label) => points.filter((_, j) => j % 4 === 2 * label);

function wrongSide(points) {
  return (2 * points.filter((x, j) => !(j % 2) && x * (j % 4 - 1) < 0).length) / points.length;
}

function bellChart(title) {
  const chart = new SmallChart(["ordered left", "right"], [-1, 1], [0, BELL_TOP]);
  chart.lines.forEach((line, i) => { line.style.fill = ["#2b7bb955", "#d1602f55"][i]; });
  chart.mark(0);
  return { title, chart, node: element("div", {}, element("p", { class: "gan-title" }, title), chart.node) };
}

function showBells(shown, points) {
  const right = ofClass(points, 1), mean = meanOf(right), width = Math.sqrt(meanOf(right.map((x) => (x - mean) ** 2)));
  [0, 1].forEach((label) => shown.chart.draw(label, histogram(ofClass(points, label))));
  shown.wrong = inShare(wrongSide(points));
  const said = `${shown.wrong} on the wrong side; right: mean ${mean.toFixed(2)}, width ${width.toFixed(2)}`;
  shown.chart.say(said, `${shown.title}, histograms from −1 to 1: ${said}`);
}

/* The outline of a density: x, height. */
function histogram(xs) {
  const counts = new Float64Array(BELL_BINS), step = 2 / BELL_BINS;
  for (const x of xs) counts[Math.min(BELL_BINS - 1, Math.floor((x + 1) / step))] += 1 / (xs.length * step);
  const sides = [...counts].flatMap((height, i) => [[i * step - 1, height], [(i + 1) * step - 1, height]]);
  return [[-1, 0], ...sides, [1, 0]];
}

/* A slider over a list of words. */
function steppedSlider(title, name, words, start, changed) {
  const slider = element("input", { type: "range", min: 0, max: words.length - 1, step: 1, "aria-label": name });
  const output = element("output"), tell = () => {
    output.textContent = words[slider.valueAsNumber];
    slider.setAttribute("aria-valuetext", output.textContent);
  };
  slider.value = start;
  tell();
  slider.addEventListener("input", tell);
  slider.addEventListener("change", changed);
  const node = element("label", {}, element("span", {}, title), slider, output);
  return { node, get index() { return slider.valueAsNumber; } };
}

mount("bells", twoBells);
