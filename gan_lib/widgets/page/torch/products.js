/* multiply(a, …, b, …): the (rows, columns) of a · b in float32. a is (rows, inner), or the other way round with
 * `aTurned`, and so is b, (inner, columns): the three products of a linear layer, and only one packs its b anew. */
function matrixProducts(wasm) {
  let kernel = openKernel(wasm, 2 ** 20);

  return function multiply(a, aTurned, b, bTurned, rows, inner, columns, bias) {
    if (!rows || !inner || !columns) return new Float32Array(rows * columns);
    const panels = Math.ceil(columns / 8), width = panels * 8, high = Math.ceil(rows / 4) * 4;
    const x = inner * width, y = x + high * inner, end = y + high * width; // where they lie: multiples of four
    if (kernel.f.length < end) kernel = openKernel(wasm, 8 * end);
    const { f, gemm } = kernel;
    if (bTurned) packPanels(f, b, inner, columns); else f.set(b);
    f.set(a, x);
    const xSteps = aTurned ? [4, 4 * rows] : [4 * inner, 4], wSteps = bTurned ? [32, 32 * inner] : [4 * columns, 32];
    gemm(0, 4 * x, 4 * y, panels, inner, high, ...xSteps, ...wSteps);
    if (width === columns && !bias) return f.slice(y, y + rows * columns);
    const out = new Float32Array(rows * columns);
    for (let row = 0, to = 0; row < rows; row++) {
      const from = y + row * width;
      if (bias) for (let j = 0; j < columns; j++) out[to++] = f[from + j] + bias[j];
      else for (let j = 0; j < columns; j++) out[to++] = f[from + j];
    }
    return out;
  };
}

/* b (columns, inner) to the start of f as its transpose: eight columns, from top to bottom, then the next eight. In
 * place of those that it does not have, its last one: nobody looks there. Written out, which takes half the time. */
function packPanels(f, b, inner, columns) {
  for (let first = 0, to = 0; first < columns; first += 8) {
    const start = (_, j) => Math.min(first + j, columns - 1) * inner;
    const [c0, c1, c2, c3, c4, c5, c6, c7] = Array.from({ length: 8 }, start);
    for (let i = 0; i < inner; i++, to += 8) {
      f[to] = b[c0 + i]; f[to + 1] = b[c1 + i]; f[to + 2] = b[c2 + i]; f[to + 3] = b[c3 + i];
      f[to + 4] = b[c4 + i]; f[to + 5] = b[c5 + i]; f[to + 6] = b[c6 + i]; f[to + 7] = b[c7 + i];
    }
  }
}
