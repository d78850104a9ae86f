/* Two labels blended in a generator: its picture of (1 − t) of one and t of the other, and a classifier's answers. */

const ALONG = 21, AT_A_TIME = 3; // values of t in the chart; of them in one pass
const inPercent = (p) => `${(100 * p).toFixed(0)} %`;

async function blendLabels(root, spec) {
  const [generator, classifier] = await Promise.all(spec.generators.map(({ network }) => openGenerator(network)));
  await new Blender(root, spec, generator, classifier).shown; // until then the still picture is there
}

class Blender {
  constructor(root, spec, generator, classifier) {
    const { a, b, generators: [{ network }] } = spec;
    Object.assign(this, { root, spec, generator, classifier, network, ends: [a, b], way: [] });
    this.redraw = newestWish((stillWanted) => this.draw(stillWanted), (error) => {
      this.alarm.textContent = `The generator stopped: ${error.message}. Load the page again.`;
    });
    this.makeControls();
    this.layOut();
    this.fromSeed(spec.seed);
  }

  makeControls() {
    const { classes, t } = this.spec, width = 300 / classes.length;
    this.picture = element("canvas", { class: "gan-picture", role: "img" });
    this.lists = ["from", "to"].map((title, i) => labelList(classes, (label) => this.choose(i, label), title));
    this.slider = element("input", { type: "range", min: 0, max: 1, step: 0.01, "aria-label": "t, the share of the second" });
    this.slider.value = t;
    this.slider.addEventListener("input", () => this.redraw());
    this.value = element("output");
    this.seedBox = element("input", { type: "number", min: 0, max: 4294967295, step: 1 });
    this.seedBox.addEventListener("change", () => this.fromSeed(this.seedBox.valueAsNumber));
    this.told = element("p", { role: "status" });
    this.alarm = element("p", { role: "alert" });
    const word = { y: 117, "text-anchor": "middle", "font-size": 13, fill: "currentColor" };
    const words = classes.map((name, i) => svg("text", { x: width * (i + 0.5), ...word }, name.slice(0, 5)));
    this.bars = classes.map((_, i) => svg("rect", { x: width * (i + 0.1), width: 0.8 * width }));
    this.answers = svg("svg", { viewBox: "0 0 300 122", role: "img" }, ...this.bars, ...words);
    this.chart = new SmallChart(["the first label", "the second"], [0, 1], [0, 1]);
    this.chart.say("from 0 to 100 % · t from 0 to 1", "the classifier's answers for both labels over t from 0 to 1");
  }

  layOut() {
    const part = (name, ...children) => element("div", { class: name }, ...children);
    this.root.append(
      element("p", {}, "Move t from 0 to 1. Does one turn into the other little by little, or all at once? What lies between?"),
      part("gan-columns",
        part("gan-view", this.picture),
        part("gan-panel",
          part("gan-sliders", element("label", {}, element("span", {}, "t"), this.slider, this.value)),
          part("gan-buttons", ...this.lists.map(({ node }) => node),
            button("New z", () => this.fromSeed(Math.floor(Math.random() * 1e6))), element("label", {}, "seed", this.seedBox)),
          this.told, this.answers, this.chart.node, this.alarm)));
  }

  fromSeed(seed) {
    this.alarm.textContent = isSeed(seed) ? "" : `Seed ${seed} is not possible; type a whole number from 0 to 4294967295.`;
    if (!isSeed(seed)) return;
    this.seed = seed;
    this.seedBox.value = seed;
    this.z = normals(seed, this.network.latent_dim);
    this.choose();
  }

  /* Another label at one of the ends. */
  choose(end, label) {
    if (end >= 0) this.ends[end] = label;
    this.lists.forEach((list, i) => list.show(this.ends[i]));
    this.way = [];
    this.shown = this.redraw();
  }

  /* The pictures of some t, and what the classifier says to each: probabilities. */
  async look(ts) {
    const { network: { labels }, ends: [a, b], z } = this, pictures = ts.length;
    const blended = (t) => labels[a].map((v, k) => (1 - t) * v + t * labels[b][k]);
    const inputs = Float32Array.from(ts.flatMap((t) => [...z, ...blended(t)]));
    const values = await this.generator.values({ inputs, pictures });
    const logits = await this.classifier.values({ inputs: values, pictures });
    return ts.map((_, i) => {
      const mine = (all) => all.subarray((i * all.length) / pictures, ((i + 1) * all.length) / pictures);
      const weights = Array.from(mine(logits), Math.exp), sum = weights.reduce((x, y) => x + y);
      const grey = Uint8ClampedArray.from(mine(values), (v) => Math.round((v + 1) * 127.5));
      return { grey, answers: weights.map((w) => w / sum) };
    });
  }

  async draw(stillWanted) {
    const t = this.slider.valueAsNumber, { ends, seed, spec: { classes } } = this, [{ grey, answers }] = await this.look([t]);
    const [from, to] = ends.map((i) => classes[i]), order = `${(1 - t).toFixed(2)} of ${from} and ${t.toFixed(2)} of ${to}`;
    paint(this.picture, grey, this.network.shape);
    this.picture.setAttribute("aria-label", `the picture of ${order}, z from seed ${seed}`);
    this.value.textContent = t.toFixed(2);
    this.slider.setAttribute("aria-valuetext", t.toFixed(2));
    const said = answers.map((p, i) => `${classes[i]}: ${inPercent(p)}`);
    const first = [...answers.keys()].sort((i, k) => answers[k] - answers[i]).slice(0, 3);
    this.told.textContent = `${order}. The classifier says ${first.map((i) => said[i]).join(", ")}.`;
    this.answers.setAttribute("aria-label", `the classifier's answers: ${said.join(", ")}`);
    answers.forEach((p, i) => {
      const fill = ["#2b7bb9", "#d1602f"][ends.indexOf(i)] ?? "#7a7a7a", look = { y: 100 - 98 * p, height: 98 * p + 1, fill };
      for (const name in look) this.bars[i].setAttribute(name, look[name]);
    });
    this.chart.mark(t);
    await this.goAlong(stillWanted);
  }

  /* From t = 0 to 1, once for each z and pair; a move of the slider goes first. */
  async goAlong(stillWanted) {
    const { way, ends } = this, at = (i) => i / (ALONG - 1);
    while (way.length < ALONG) {
      const found = await this.look(Array.from({ length: AT_A_TIME }, (_, i) => at(way.length + i)));
      if (!stillWanted()) return;
      way.push(...found);
    }
    ends.forEach((label, i) => this.chart.draw(i, way.map(({ answers }, k) => [at(k), answers[label]])));
  }
}

mount("blend", blendLabels);
