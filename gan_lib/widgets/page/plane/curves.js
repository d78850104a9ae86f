/* The curves of a play: D(real) and D(fake), and both losses, each point the mean of as many updates. */

const CURVES = ["d_loss", "g_loss", "d_real", "d_fake"], MOST_BINS = 240;

class Curves {
  constructor() {
    this.charts = [["d_real", "d_fake"], ["d_loss", "g_loss"]].map((names) => ({
      names, range: element("span"),
      words: names.map((name) => element("span", { class: `gan-key gan-${name}` })),
      lines: names.map((name) => svg("polyline", { class: `gan-${name}`, "vector-effect": "non-scaling-stroke" })),
    }));
    this.node = element("div", {}, ...this.charts.map((chart) => {
      chart.picture = svg("svg", { viewBox: "0 0 300 100", preserveAspectRatio: "none", role: "img" }, ...chart.lines);
      const words = element("p", {}, chart.words[0], " ", chart.words[1], " ", chart.range);
      return element("div", { class: "gan-curves" }, chart.picture, words);
    }));
    this.clear();
  }

  clear() {
    Object.assign(this, { bins: [], each: 1, sums: [0, 0, 0, 0], count: 0 });
  }

  /* history: lines of step, d_loss, g_loss, d_real, d_fake. Of too many bins two become one: memory stays small. */
  add(history) {
    for (let i = 0; i < history.length; i += 5) {
      const line = [1, 2, 3, 4].map((k) => history[i + k]);
      if (!line.every(Number.isFinite)) continue; // an explosion is said in words
      this.sums = this.sums.map((sum, k) => sum + line[k]);
      if (++this.count < this.each) continue;
      this.bins.push(this.sums.map((sum) => sum / this.count));
      Object.assign(this, { sums: [0, 0, 0, 0], count: 0 });
      if (this.bins.length < MOST_BINS) continue;
      this.bins = this.bins.flatMap((bin, j) => (j % 2 ? [bin.map((v, k) => (v + this.bins[j - 1][k]) / 2)] : []));
      this.each *= 2;
    }
  }

  draw(critic) {
    const who = critic ? "critic" : "D";
    const said = { d_real: `${who}(real)`, d_fake: `${who}(fake)`, d_loss: `loss of ${who}`, g_loss: "loss of G" };
    for (const { names, words, lines, range, picture } of this.charts) {
      const curves = names.map((name) => this.bins.map((bin) => bin[CURVES.indexOf(name)]));
      const [low, high] = names[0] === "d_real" && !critic ? [0, 1] : limitsOf([...curves.flat(), 0]);
      names.forEach((name, k) => {
        const x = (i) => (300 * i) / Math.max(1, this.bins.length - 1);
        const y = (v) => 98 - (96 * (v - low)) / (high - low || 1);
        lines[k].setAttribute("points", curves[k].map((v, i) => `${x(i).toFixed(1)},${y(v).toFixed(1)}`).join(" "));
        words[k].textContent = said[name];
      });
      range.textContent = `${+low.toPrecision(2)} to ${+high.toPrecision(2)}`;
      const both = names.map((name) => said[name]).join(" and ");
      picture.setAttribute("aria-label", `${both}, ${range.textContent}, over all updates`);
    }
  }
}
