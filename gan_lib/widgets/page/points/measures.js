/* Precision, recall and the Fréchet distance of points in the plane, as scores/metrics.py computes them of features.
 * A point is [x, y], in whole hundredths: then two distances are the same exactly where they should be. */

const squared = ([a, b], [c, d]) => (a - c) ** 2 + (b - d) ** 2;

/* Of each point, the squared distance to its k-th nearest other one. */
function ballsOf(points, k) {
  return points.map((p) => points.map((q) => squared(p, q)).sort((a, b) => a - b)[k]); // the first is its own
}

/* Of each point, whether it lies in at least one ball. */
function insideOf(points, centres, balls) {
  return points.map((p) => centres.some((centre, i) => squared(p, centre) <= balls[i]));
}

/* Mean [x, y] and covariance [xx, xy, yy], divided by n − 1. */
function gaussianOf(points) {
  const sum = (f) => points.reduce((total, p) => total + f(p), 0);
  const mean = [0, 1].map((k) => sum((p) => p[k]) / points.length);
  const cov = (i, j) => sum((p) => (p[i] - mean[i]) * (p[j] - mean[j])) / (points.length - 1);
  return { mean, cov: [cov(0, 0), cov(0, 1), cov(1, 1)] };
}

/* Of 2 × 2 with the eigenvalues a and b, (√a + √b)² = a + b + 2√(ab): the trace, and twice the determinant's root. */
function frechetOf({ mean, cov: [a, b, c] }, { mean: other, cov: [d, e, f] }) {
  const root = (v) => Math.sqrt(Math.max(0, v)), determinant = (a * c - b * b) * (d * f - e * e);
  const shared = root(a * d + 2 * b * e + c * f + 2 * root(determinant));
  return Math.max(0, squared(mean, other) + a + c + d + f - 2 * shared);
}

/* sets: the real points, the made ones; so are the lists that come back. */
function measuresOf(sets, k) {
  const balls = sets.map((points) => ballsOf(points, k));
  const inside = sets.map((points, i) => insideOf(points, sets[1 - i], balls[1 - i]));
  const [recall, precision] = inside.map((list) => list.filter(Boolean).length / list.length);
  const gaussians = sets.map(gaussianOf);
  return { balls, inside, gaussians, precision, recall, frechet: frechetOf(...gaussians) / 1e4 };
}
