/* z shrunk towards 0: a sheet of pictures of ψ · z, and what was measured at some ψ. */

const AT_ONCE = 4; // pictures in one pass of the engine, at most

class Shrinker extends Seeded {
  makeControls() {
    this.sheet = element("canvas", { class: "gan-sheet", role: "img", "aria-label": "not drawn yet" });
    this.charts = this.makeCharts();
  }

  makeCharts() {
    const { measured, most } = this.spec;
    if (!measured.length) return [];
    const highest = Math.ceil(Math.max(...measured.map(({ frechet }) => frechet)));
    const where = `ψ from 0 to ${most}, measured at ${measured.map(({ psi }) => psi).join(", ")}`;
    return [[["precision", "recall"], 1], [["frechet"], highest]].map(([columns, high]) => {
      const names = columns.map((name) => (name === "frechet" ? "Fréchet distance" : name));
      const chart = new SmallChart(names, [0, most], [0, high]);
      chart.say(`from 0 to ${high} · ${where}`, `${names.join(" and ")} over ${where}`);
      columns.forEach((name, i) => chart.draw(i, measured.map((at) => [at.psi, at[name]])));
      return chart;
    });
  }

  layOut(part) {
    const { most, psi } = this.spec, reset = () => { this.slider.value = 1; this.show(); };
    this.root.append(
      element("p", {}, "Move ψ from 1 towards 0. Do the pictures get better? What do they lose?"),
      part("gan-columns",
        part("gan-panel", this.sheet),
        part("gan-panel",
          part("gan-sliders", this.slide("ψ", "psi, by which z is multiplied", most, 0.05, psi)),
          part("gan-buttons", ...this.seeds("New z"), button("ψ = 1", reset)),
          this.told, ...this.charts.map(({ node }) => node), this.alarm)));
  }

  show() {
    const psi = this.slider.valueAsNumber;
    this.value.textContent = psi.toFixed(2);
    this.slider.setAttribute("aria-valuetext", psi.toFixed(2));
    this.told.textContent = nearestMeasured(this.spec.measured, psi);
    for (const chart of this.charts) chart.mark(psi);
    this.redraw();
  }

  /* All pictures, a few in one pass. */
  async draw() {
    const { spec: { count }, seed, network: { shape } } = this, psi = this.slider.valueAsNumber, parts = [];
    for (let start = 0; start < count; start += AT_ONCE) {
      const pictures = Math.min(AT_ONCE, count - start);
      parts.push(await this.engine.draw({ inputs: this.inputs(start, pictures, psi), pictures }));
    }
    const columns = Math.ceil(Math.sqrt(count));
    paint(this.sheet, sheetOf(parts, count, columns, shape), [shape[0], Math.ceil(count / columns) * shape[1], columns * shape[2]]);
    this.sheet.setAttribute("aria-label", `${count} pictures of ψ · z with ψ = ${psi.toFixed(2)}, z from seed ${seed}`);
    this.drawn();
  }

  /* ψ · z of some pictures, each with what its label puts behind z; the labels take turns. */
  inputs(start, pictures, psi) {
    const { z, network: { latent_dim: size, labels } } = this;
    return Float32Array.from(Array.from({ length: pictures }, (_, i) => {
      const row = z.subarray((start + i) * size, (start + i + 1) * size);
      return [...row.map((v) => psi * v), ...(labels ? labels[(start + i) % labels.length] : [])];
    }).flat());
  }
}

function nearestMeasured(measured, psi) {
  if (!measured.length) return "";
  const distance = (at) => Math.abs(at.psi - psi), at = measured.reduce((a, b) => (distance(b) < distance(a) ? b : a));
  return `Measured at ψ = ${at.psi.toFixed(2)}: precision ${at.precision.toFixed(2)}, recall ${at.recall.toFixed(2)}, `
    + `Fréchet distance ${at.frechet.toFixed(1)}.`;
}

/* Grey levels of pictures, one behind the other in several lists → of one sheet, row by row; the rest of it is black. */
function sheetOf(parts, count, columns, [channels, height, width]) {
  const line = width * channels, wide = columns * line, sheet = new Uint8Array(Math.ceil(count / columns) * height * wide);
  let i = 0;
  for (const part of parts)
    for (let start = 0; start < part.length; start += height * line, i++)
      for (let y = 0; y < height; y++) {
        const to = (Math.floor(i / columns) * height + y) * wide + (i % columns) * line;
        sheet.set(part.subarray(start + y * line, start + (y + 1) * line), to);
      }
  return sheet;
}

mount("shrink", async (root, spec) => new Shrinker(root, spec, await openGenerator(spec.generators[0].network)).first);
