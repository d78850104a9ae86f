/* gan_lib/data/toy.py: the same points from the same seed → { rows, n, d, labels, classes }, and where there are clouds
 * centres, spread and even(n): n places spread evenly over what the clouds lie on. painted: Float32Array (k · 2) */
function toySet(torch, name, painted, n = 8192, seed = 0) {
  const rng = torch.generator(seed), spread = 0.03, radius = 0.75;
  const within = (v, most) => Math.max(-most, Math.min(most, v));
  const share = (k, of) => (2 * radius * k) / (of - 1) - radius; // −radius … radius
  const inTurn = (k, of) => [Math.cos, Math.sin].map((f) => radius * f((2 * Math.PI * k) / of));
  const onLine = (k, of) => [share(k, of) / 1.5, 0];
  const inSquare = (k, of) => {
    const side = Math.round(Math.sqrt(of));
    return [share(k % side, side), share(Math.floor(k / side), side)];
  };
  const several = (many, place) => Array.from({ length: many }, (_, k) => place(k, many));
  const moon = (angle, side) => [(Math.cos(angle) - 0.5) * side, (Math.sin(angle) - 0.25) * side];

  /* A point around each place(i), whose own numbers are drawn before. */
  function scattered(place, classes = 1) {
    const noise = rng.randn([n, 2]).data, labels = Int32Array.from(several(n, (i) => i % classes));
    const rows = noise.map((v, j) => within(place(j >> 1)[j & 1] + spread * within(v, 6), 1));
    return { rows, n, d: 2, labels, classes };
  }

  function along(place, classes) {
    const u = rng.rand([n]).data;
    return scattered((i) => place(u[i], i), classes);
  }

  function clouds(many, place, even) {
    const centres = several(many, place);
    const set = scattered((i) => centres[i % many], many);
    return even ? { ...set, centres, spread, even: (k) => several(k, even) } : set;
  }

  if (name === "painted" && !painted?.length) throw new Error("nothing is painted yet; paint some points first");
  return known({
    line: () => along((u) => [2 * radius * u - radius, radius * u - radius / 2]),
    two: () => clouds(2, onLine, onLine),
    ring8: () => clouds(8, inTurn, inTurn),
    grid25: () => clouds(25, inSquare, inSquare),
    circle: () => along((u) => inTurn(u, 1)),
    moons: () => along((u, i) => moon(Math.PI * u, i % 2 ? -0.5 : 0.5), 2),
    painted: () => clouds(painted.length / 2, (k) => [painted[2 * k], painted[2 * k + 1]]),
  }, name)();
}

/* gan_lib's toy.modes_covered: points x, y, … and centres [[x, y]] → { found, of, near } */
function modesCovered(points, centres, within, share) {
  const counts = centres.map(() => 0), n = points.length / 2;
  for (let i = 0; i < n; i++) {
    const away = centres.map(([x, y]) => Math.hypot(points[2 * i] - x, points[2 * i + 1] - y));
    const least = Math.min(...away);
    if (least <= within) counts[away.indexOf(least)]++;
  }
  const near = counts.reduce((a, b) => a + b) / n;
  return { found: counts.filter((count) => count >= share * n).length, of: centres.length, near };
}

/* The strict test: two standard deviations, half a fair share. */
function strictModes(points, { centres, spread }) {
  return modesCovered(points, centres, 2 * spread, 0.5 / centres.length);
}

/* Of two sets of as many points: W₁ of their shadows on a line, which is the mean distance of the points in their order
 * along it; the mean over sixteen directions. */
function slicedDistance(a, b) {
  function shadow(points, angle) {
    const x = Math.cos(angle), y = Math.sin(angle);
    return Float32Array.from({ length: points.length / 2 }, (_, i) => x * points[2 * i] + y * points[2 * i + 1]).sort();
  }
  return meanOf(Array.from({ length: 16 }, (_, k) => {
    const other = shadow(b, (Math.PI * k) / 16);
    return meanOf(shadow(a, (Math.PI * k) / 16).map((v, i) => Math.abs(v - other[i])));
  }));
}
