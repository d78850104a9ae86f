/* A small chart: one line or two, in blue and in orange, and a marker at the place in hand. */

const INKS_OF_LINES = ["gan-blue", "gan-orange"];

class SmallChart {
  /* names: of the lines; xs, ys: from where to where */
  constructor(names, xs, ys) {
    Object.assign(this, { xs, ys, range: element("span") });
    this.lines = names.map((_, i) => svg("polyline", { class: INKS_OF_LINES[i], "vector-effect": "non-scaling-stroke" }));
    this.marker = svg("line", { class: "gan-marker", y1: 0, y2: 100, "vector-effect": "non-scaling-stroke" });
    this.picture = svg("svg", { viewBox: "0 0 300 100", preserveAspectRatio: "none", role: "img" }, ...this.lines);
    const keys = names.flatMap((name, i) => [element("span", { class: `gan-key ${INKS_OF_LINES[i]}` }, name), " · "]);
    this.node = element("div", { class: "gan-curves" }, this.picture, element("p", {}, ...keys, this.range));
  }

  /* range: what both axes show; name: all of it, for those who cannot see it */
  say(range, name) {
    this.range.textContent = range;
    this.picture.setAttribute("aria-label", name);
  }

  x(value) {
    return (300 * (value - this.xs[0])) / (this.xs[1] - this.xs[0]);
  }

  draw(i, points) {
    const y = (v) => 98 - (96 * (v - this.ys[0])) / (this.ys[1] - this.ys[0]);
    this.lines[i].setAttribute("points", points.map(([a, b]) => `${this.x(a).toFixed(1)},${y(b).toFixed(1)}`).join(" "));
  }

  mark(value) {
    for (const end of ["x1", "x2"]) this.marker.setAttribute(end, this.x(value).toFixed(1));
    this.picture.append(this.marker);
  }
}
