/* Shapes, and numbers laid out anew for another shape; row by row, as everywhere. */

function countOf(shape) {
  return shape.reduce((product, n) => product * n, 1);
}

/* As torch writes it: [2, 3] */
function listed(shape) {
  return `[${shape.join(", ")}]`;
}

function sameShape(a, b) {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

/* The shape of both together: from the right, equal sizes, or a 1, or nothing. */
function commonShape(a, b) {
  if (sameShape(a, b)) return a;
  const length = Math.max(a.length, b.length);
  return Array.from({ length }, (_, i) => {
    const m = a[i - length + a.length] ?? 1, n = b[i - length + b.length] ?? 1;
    if (m === n || m === 1 || n === 1) return m === 1 ? n : m;
    throw runtimeError(`The size of tensor a (${m}) must match the size of tensor b (${n}) at non-singleton dimension `
      + `${i}`);
  });
}

/* A new array of these numbers, each repeated as the larger shape says. */
function spreadOut(data, shape, larger) {
  const dims = [...Array(larger.length - shape.length).fill(1), ...shape];
  let out = data;
  for (let d = larger.length - 1; d >= 0; d--) {
    if (dims[d] === larger[d]) continue;
    const times = larger[d], inner = countOf(larger.slice(d + 1)), outer = countOf(dims.slice(0, d));
    const next = new Float32Array(outer * times * inner);
    for (let i = 0, to = 0; i < outer; i++) {
      const line = out.subarray(i * inner, (i + 1) * inner);
      for (let k = 0; k < times; k++, to += inner) next.set(line, to);
    }
    out = next;
  }
  return out === data ? data.slice() : out;
}

/* A new array: the sums over these dimensions. */
function sumOut(data, shape, dims) {
  const left = [...shape];
  let out = data;
  for (const d of [...dims].sort((a, b) => b - a)) {
    if (left[d] !== 1) out = sumOver(out, left[d], countOf(left.slice(d + 1)));
    left[d] = 1;
  }
  return Float32Array.from(out);
}

/* Over n rows of `inner` numbers each, again and again; added up in float64. */
function sumOver(data, n, inner) {
  const out = new Float64Array(n ? data.length / n : inner);
  for (let from = 0, to = 0; from < data.length; to += inner)
    for (let k = 0; k < n; k++, from += inner)
      for (let j = 0; j < inner; j++) out[to + j] += data[from + j];
  return out;
}
