/* A generator as widgets/export.py wrote it, run by the page; a layer means what `layer_by_layer` there says.
 *
 * Every heavy layer is one matrix product (gemm.wat, or plain JavaScript where WebAssembly or its SIMD is missing); a
 * transposed convolution is that product followed by adding each row's taps into the picture. Activations are
 * channels-last: (pictures, y, x, channels).
 */
const ENGINE = [
  engine, readNumbers, readBytes, float16Table, planProducts, workspace, openKernel, plainGemm, packWeights, linear, convTranspose,
  upsample, maxPool, moved,
];

/* Uses nothing but the functions of ENGINE: their texts are also the worker's program. */
function engine(spec, text, wasm) {
  const products = planProducts(spec.layers), { f, gemm } = workspace(products, wasm);
  const productOf = new Map(products.map((p) => [p.layer, p]));
  const kept = []; // what each branch that is not at its end began with
  packWeights(products, readNumbers(spec, text), f);

  function multiply(p, value, pictures) {
    f.set(value, p.x / 4);
    const { panels, layer: { in: n } } = p;
    gemm(p.weight, p.x, p.y, panels, n, Math.ceil((p.positions * pictures) / 4) * 4, 4 * n, 4, 32, 32 * n);
    return f.subarray(p.y / 4, p.y / 4 + p.positions * pictures * panels * 8);
  }

  const ops = {
    linear: (layer, value, pictures, p) => linear(layer, multiply(p, value, pictures), pictures, p.panels * 8),
    conv_transpose: (layer, value, pictures, p) => convTranspose(layer, multiply(p, value, pictures), pictures, p.panels * 8),
    affine({ scale, shift }, value) {
      for (let start = 0; start < value.length; start += scale.length)
        for (let o = 0; o < scale.length; o++) value[start + o] = value[start + o] * scale[o] + shift[o];
      return value;
    },
    leaky_relu: ({ slope }, value) => value.map((v) => (v > 0 ? v : slope * v)),
    tanh: (layer, value) => value.map(Math.tanh),
    sigmoid: (layer, value) => value.map((v) => 1 / (1 + Math.exp(-v))),
    upsample,
    max_pool: maxPool,
    keep(layer, value) {
      kept.push(value.slice()); // a copy: affine writes into its own
      return value;
    },
    add(layer, value) {
      const start = kept.pop();
      return value.map((v, i) => v + start[i]);
    },
  };

  /* value Float32Array (pictures, in) of layer `from` → Float32Array (pictures, y, x, channels) in −1…1; seen(value, i)
   * sees what layer i gives, and may change it. */
  function run(value, pictures, from = 0, seen = () => {}) {
    for (let i = from; i < spec.layers.length; i++) {
      const layer = spec.layers[i];
      value = ops[layer.op](layer, value, pictures, productOf.get(layer));
      seen(value, i);
    }
    return value;
  }

  return {
    values: ({ inputs, pictures }) => run(inputs, pictures),
    draw: ({ inputs, pictures }) => Uint8ClampedArray.from(run(inputs, pictures), (v) => Math.round((v + 1) * 127.5)),
    /* inputs: two, a step of 2 · delta apart → |change| per unit, one number a pixel */
    effect({ inputs, delta }) {
      const value = run(inputs, 2), n = value.length / 2;
      return value.slice(0, n).map((v, j) => Math.abs(v - value[n + j]) / (2 * delta));
    },
    /* What the layers `ends` give, of all pictures; in the last picture some of their channels are stronger, or off. */
    look({ inputs, pictures, ends, strengths }) {
      const found = [];
      run(inputs, pictures, 0, (value, i) => {
        if (!ends.includes(i)) return;
        const last = value.length - value.length / pictures;
        for (const { channel, channels, strength } of strengths.filter(({ end }) => end === i))
          for (let j = last + channel; j < value.length; j += channels) value[j] *= strength;
        found.push(value.slice());
      });
      return found;
    },
    /* value: what layer `end` gives for one picture → what `moved` says where one of its channels is off, for each of some. */
    effects({ value, end, channels, some, picture, colours }) {
      const found = [];
      for (let start = 0; start < some.length; start += 4) {
        const part = some.slice(start, start + 4), off = new Float32Array(part.length * value.length);
        part.forEach((channel, i) => {
          off.set(value, i * value.length);
          for (let j = channel; j < value.length; j += channels) off[i * value.length + j] = 0;
        });
        const drawn = run(off, part.length, end + 1);
        for (let j = 0; j < drawn.length; j += picture.length)
          found.push(moved(picture, drawn.subarray(j, j + picture.length), colours));
      }
      return found;
    },
  };
}

/* How much two pictures in −1…1 differ: the mean over all numbers in grey levels of 255, and which part of the pixels
 * changes by more than 10 of them; as widgets/stages.py has it. */
function moved(before, after, colours) {
  const inside = (v) => Math.min(1, Math.max(-1, v));
  let sum = 0, pixels = 0;
  for (let i = 0; i < before.length; i += colours) {
    let most = 0;
    for (let j = i; j < i + colours; j++) {
      const change = 127.5 * Math.abs(inside(after[j]) - inside(before[j]));
      sum += change;
      most = Math.max(most, change);
    }
    pixels += most > 10;
  }
  return [sum / before.length, (pixels * colours) / before.length];
}

/* Base64 text → Float32Array of all weights. */
function readNumbers(spec, text) {
  const half = spec.dtype === "float16", bytes = readBytes(text);
  if (bytes.length !== spec.numbers * (half ? 2 : 4)) throw new Error("the weights are cut short");
  if (!half) return new Float32Array(bytes.buffer);
  if (globalThis.Float16Array) return new Float32Array(new Float16Array(bytes.buffer)); // browsers since 2025
  const table = float16Table(), values = new Float32Array(spec.numbers), halves = new Uint16Array(bytes.buffer);
  for (let i = 0; i < values.length; i++) values[i] = table[halves[i]];
  return values;
}

function float16Table() {
  return Float32Array.from({ length: 65536 }, (_, h) => {
    const sign = h & 0x8000 ? -1 : 1, exponent = (h >> 10) & 31, fraction = h & 1023;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

function planProducts(layers) {
  return layers.filter((layer) => layer.out).map((layer) => {
    const { kernel = 1, side = 1, width = side } = layer, taps = kernel ** 2, positions = side * width; // of one picture
    return { layer, taps, positions, panels: Math.ceil((layer.out * taps) / 8) };
  });
}

/* Where things lie (in bytes): each product's panels of weights, then its input and its output. */
function workspace(products, wasm) {
  const PICTURES = 4; // at most, in one pass
  let size = 0;
  const room = (count) => { const start = size; size += Math.ceil(count / 4) * 16; return start; }; // aligned
  for (const p of products) {
    p.weight = room(p.panels * p.layer.in * 8);
    p.x = room(p.positions * PICTURES * p.layer.in);
    p.y = room(p.positions * PICTURES * p.panels * 8);
  }
  return openKernel(wasm, size);
}

/* torch's (in, out, taps), or (out, in) for a linear layer, into panels of eight outputs. */
function packWeights(products, numbers, f) {
  let taken = 0;
  for (const { layer, taps, weight } of products) {
    const { in: n, out, op } = layer, isLinear = op === "linear";
    for (let k = 0; k < n; k++)
      for (let o = 0; o < out; o++)
        for (let tap = 0; tap < taps; tap++) {
          const m = tap * out + o, source = isLinear ? o * n + k : (k * out + o) * taps + tap;
          f[weight / 4 + ((m >> 3) * n + k) * 8 + (m & 7)] = numbers[taken + source];
        }
    taken += n * out * taps;
    layer.bias = numbers.slice(taken, (taken += out)); // a copy: the rest can be forgotten
  }
}

function linear({ out, bias }, product, pictures, width) {
  const y = new Float32Array(pictures * out);
  for (let i = 0; i < pictures; i++)
    for (let o = 0; o < out; o++) y[i * out + o] = product[i * width + o] + bias[o];
  return y;
}

/* Output o of input i lies at i · stride − padding + tap. */
function convTranspose({ side, width = side, kernel, stride, padding, more = 0, out, bias }, product, pictures, step) {
  const high = (side - 1) * stride - 2 * padding + kernel + more, wide = (width - 1) * stride - 2 * padding + kernel + more;
  const y = new Float32Array(pictures * high * wide * out);
  for (let start = 0; start < y.length; start += out) y.set(bias, start);
  for (let row = 0, source = 0; row < pictures * side * width; row++, source = row * step) {
    const i = Math.floor(row / (side * width)), top = Math.floor(row / width) % side, left = row % width;
    for (let ky = 0; ky < kernel; ky++)
      for (let kx = 0; kx < kernel; kx++, source += out) {
        const oy = top * stride - padding + ky, ox = left * stride - padding + kx;
        if (oy < 0 || oy >= high || ox < 0 || ox >= wide) continue;
        const target = ((i * high + oy) * wide + ox) * out;
        for (let o = 0; o < out; o++) y[target + o] += product[source + o];
      }
  }
  return y;
}

/* Each pixel factor · factor times. */
function upsample({ side, width = side, factor }, value, pictures) {
  const channels = value.length / (pictures * side * width), wide = width * factor, y = new Float32Array(value.length * factor ** 2);
  for (let pixel = 0; pixel < y.length / channels; pixel++) {
    const line = Math.floor(pixel / wide / factor), source = (line * width + Math.floor((pixel % wide) / factor)) * channels;
    y.set(value.subarray(source, source + channels), pixel * channels);
  }
  return y;
}

/* The largest number of each factor · factor pixels. */
function maxPool({ side, width = side, factor }, value, pictures) {
  const channels = value.length / (pictures * side * width), wide = width / factor;
  const y = new Float32Array(value.length / factor ** 2).fill(-Infinity);
  for (let pixel = 0, i = 0; i < value.length; pixel++) {
    const line = Math.floor(pixel / width / factor), target = (line * wide + Math.floor((pixel % width) / factor)) * channels;
    for (let c = 0; c < channels; c++, i++) if (value[i] > y[target + c]) y[target + c] = value[i];
  }
  return y;
}
