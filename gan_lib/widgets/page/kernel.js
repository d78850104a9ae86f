/* The matrix product of gemm.wat, as the fastest form that this browser takes. */

/* → a promise of a WebAssembly.Module; of undefined where there is none with SIMD, for plain JavaScript then. */
async function compileKernel() {
  for (const text of [GEMM_RELAXED, GEMM]) { // with fused multiply-add, and without
    try {
      return await WebAssembly.compile(readBytes(text));
    } catch { /* the next one */ }
  }
  return undefined;
}

function readBytes(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const raw = atob(text), bytes = new Uint8Array(raw.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

/* Memory of that many bytes, as numbers, and the product that works in it: y = x · w, for what gemm.wat says. */
function openKernel(wasm, bytes) {
  const memory = wasm && new WebAssembly.Memory({ initial: Math.ceil((bytes + 1) / 65536) });
  const f = new Float32Array(memory ? memory.buffer : new ArrayBuffer(bytes));
  return { f, gemm: memory ? new WebAssembly.Instance(wasm, { page: { memory } }).exports.gemm : plainGemm(f) };
}

/* The same product without WebAssembly; pointers and steps in bytes, as there. */
function plainGemm(f) {
  return (w, x, y, panels, k, n, ...steps) => {
    const [xRow, xColumn, wRow, wPanel] = steps.map((bytes) => bytes / 4);
    for (let panel = 0; panel < panels; panel++) {
      const start = w / 4 + panel * wPanel;
      for (let row = 0; row < n; row++) {
        let a = 0, b = 0, c = 0, d = 0, e = 0, g = 0, h = 0, i = 0;
        for (let j = 0, p = start, q = x / 4 + row * xRow; j < k; j++, p += wRow, q += xColumn) {
          const v = f[q];
          a += f[p] * v; b += f[p + 1] * v; c += f[p + 2] * v; d += f[p + 3] * v;
          e += f[p + 4] * v; g += f[p + 5] * v; h += f[p + 6] * v; i += f[p + 7] * v;
        }
        f.set([a, b, c, d, e, g, h, i], y / 4 + (row * panels + panel) * 8);
      }
    }
  };
}
