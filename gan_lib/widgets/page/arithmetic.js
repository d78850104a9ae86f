/* gan_lib/arithmetic.py for square settings { transposed, size, kernel, stride, padding, dilation, outputPadding }. */

const span = (s) => s.dilation * (s.kernel - 1) + 1; // cells from the kernel's first to its last

/* Why torch refuses this setting; "" if it does not. */
function refusal(s) {
  if (!s.transposed && s.size + 2 * s.padding < span(s))
    return `A kernel that spans ${span(s)} cells does not fit into a padded input of ${s.size + 2 * s.padding}; `
      + "take a smaller kernel or dilation, or more padding.";
  const most = Math.max(s.stride, s.dilation) - 1;
  if (s.transposed && s.outputPadding > most)
    return `output_padding ${s.outputPadding} is not possible; it must be from 0 to ${most} here.`;
  if (s.transposed && outputSize(s) < 1)
    return `The output would have ${outputSize(s)} cells; take less padding, a larger kernel or a larger input.`;
  return "";
}

function outputSize(s) {
  return s.transposed
    ? (s.size - 1) * s.stride - 2 * s.padding + span(s) + s.outputPadding
    : Math.floor((s.size + 2 * s.padding - span(s)) / s.stride) + 1;
}

/* The formula with its letters, and with the numbers in their place. */
function sizeFormula(s) {
  const { size: n, kernel: k, stride, padding: p, dilation: d, outputPadding: o } = s;
  return s.transposed
    ? ["(n − 1)·s − 2p + d·(k − 1) + output_padding + 1",
      `(${n} − 1)·${stride} − 2·${p} + ${d}·(${k} − 1) + ${o} + 1 = ${outputSize(s)}`]
    : ["⌊(n + 2p − d·(k − 1) − 1) / s⌋ + 1",
      `⌊(${n} + 2·${p} − ${d}·(${k} − 1) − 1) / ${stride}⌋ + 1 = ⌊${n + 2 * p - span(s)} / ${stride}⌋ + 1 = ${outputSize(s)}`];
}

/* Along one axis: the [input, kernel] cells that meet in an output cell; those on the padding are outside 0 … n − 1. */
function axisSources(s, output) {
  const found = [];
  for (let tap = 0; tap < s.kernel; tap++) {
    if (!s.transposed) found.push([output * s.stride - s.padding + tap * s.dilation, tap]);
    const input = (output + s.padding - tap * s.dilation) / s.stride;
    if (s.transposed && Number.isInteger(input) && input >= 0 && input < s.size) found.push([input, tap]);
  }
  return found.sort((a, b) => a[0] - b[0]);
}

/* The same in the plane: [{ y, x, ky, kx }], row by row. */
function sources(s, [row, column]) {
  return axisSources(s, row).flatMap(([y, ky]) => axisSources(s, column).map(([x, kx]) => ({ y, x, ky, kx })));
}

/* The output cells that a step of the kernel touches: one for a convolution, a stamp for a transposed one. */
function touched(s, [row, column]) {
  if (!s.transposed) return [[row, column]];
  const n = outputSize(s), along = (input) =>
    Array.from({ length: s.kernel }, (_, tap) => input * s.stride - s.padding + tap * s.dilation).filter((o) => o >= 0 && o < n);
  return along(row).flatMap((y) => along(column).map((x) => [y, x]));
}
