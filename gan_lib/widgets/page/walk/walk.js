/* From a to b: two ways between two z, the line and the arc, and the pictures on them. */

const WAYS = ["on the line", "on the arc"];

/* The two z at t of the way, as show/latent.py has them. */
function onTheWay(a, b, t) {
  const dot = (u, v) => u.reduce((sum, x, i) => sum + x * v[i], 0), mix = (p, q) => a.map((x, i) => p * x + q * b[i]);
  const omega = Math.acos(dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)));
  const share = (part) => Math.sin(part * omega) / Math.sin(omega);
  return [mix(1 - t, t), mix(share(1 - t), share(t))];
}

class Walk extends Seeded {
  makeControls() {
    const { classes, label } = this.spec;
    this.label = label;
    this.labels = classes && labelList(classes, (chosen) => { this.label = chosen; this.redraw(); });
    this.labels?.show(label);
    this.chart = new SmallChart(WAYS, [0, 1], [0, 1]);
    this.canvases = WAYS.map(() => element("canvas", { role: "img" }));
  }

  layOut(part) {
    const seen = (canvas, way) => element("div", {}, canvas, element("p", {}, WAYS[way]));
    this.root.append(
      element("p", {}, "Move t from 0 to 1. Where do the two ways differ most? Can you see it?"),
      part("gan-sliders gan-panel", this.slide("t", "t, how far from a to b", 1, 0.01, this.spec.t)),
      part("gan-trio", ...this.canvases.map(seen)),
      this.told, this.chart.node,
      part("gan-buttons", ...this.seeds("New a and b"), ...(this.labels ? [this.labels.node] : [])),
      this.alarm);
  }

  ways(t) {
    const { z, network: { latent_dim: size } } = this;
    return onTheWay(z.subarray(0, size), z.subarray(size), t);
  }

  lengths(t) {
    return this.ways(t).map((z) => Math.hypot(...z));
  }

  show() {
    const t = this.slider.valueAsNumber, { chart, network: { latent_dim } } = this;
    const ts = Array.from({ length: 51 }, (_, i) => i / 50), lengths = ts.map((at) => this.lengths(at));
    const [line, arc] = this.lengths(t).map((length) => length.toFixed(1)), usual = Math.sqrt(latent_dim).toFixed(1);
    this.value.textContent = t.toFixed(2);
    this.told.textContent = `|z| = ${line} on the line, ${arc} on the arc; random z have about ${usual}.`;
    chart.ys[1] = Math.ceil(Math.max(...lengths.flat()));
    WAYS.forEach((_, way) => chart.draw(way, ts.map((at, i) => [at, lengths[i][way]])));
    chart.say(`|z| from 0 to ${chart.ys[1]} · t from 0 to 1`, "the length of z on the line and on the arc, over t");
    chart.mark(t);
    this.redraw();
  }

  async draw() {
    const { network: { shape, labels }, seed, label } = this, t = this.slider.valueAsNumber;
    const inputs = Float32Array.from(this.ways(t).flatMap((z) => [...z, ...(labels ? labels[label] : [])]));
    const both = await this.engine.draw({ inputs, pictures: 2 }), n = both.length / 2;
    this.canvases.forEach((canvas, way) => {
      paint(canvas, both.subarray(way * n, (way + 1) * n), shape);
      canvas.setAttribute("aria-label", `${WAYS[way]}: t = ${t.toFixed(2)}, a and b from seed ${seed}`);
    });
    this.drawn();
  }
}

mount("walk", async (root, spec) => new Walk(root, spec, await openGenerator(spec.generators[0].network)).first);
