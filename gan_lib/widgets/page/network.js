/* A recorded generator, run by plain JavaScript: layers in, grey levels out. */

/* base64 of float16 or float32 -> Float32Array */
function floats(text, dtype) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  if (dtype === "float32") return new Float32Array(bytes.buffer);
  return Float32Array.from(new Uint16Array(bytes.buffer), (h) => {
    const sign = h & 0x8000 ? -1 : 1, exponent = (h >> 10) & 31, fraction = h & 1023;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

/* Each maker decodes a layer once and returns a function Float32Array -> Float32Array. */
const LAYERS = {
  linear(layer, dtype) {
    const weight = floats(layer.weight, dtype), bias = floats(layer.bias, dtype);
    const n = layer.in, y = new Float32Array(layer.out);
    return (x) => {
      for (let o = 0, w = 0; o < y.length; o++, w += n) {
        let sum = bias[o];
        for (let i = 0; i < n; i++) sum += weight[w + i] * x[i]; // weight is (out, in), row by row
        y[o] = sum;
      }
      return y;
    };
  },
  leaky_relu: (layer) => (x) => x.map((v) => (v > 0 ? v : layer.slope * v)),
  tanh: () => (x) => x.map(Math.tanh),
};

/* spec as written by widgets/export.py -> function z (Float32Array) -> grey levels 0...255 */
function generator(spec) {
  const layers = spec.layers.map((layer) => LAYERS[layer.op](layer, spec.dtype));
  return (z) => {
    const x = layers.reduce((value, layer) => layer(value), z);
    return Uint8ClampedArray.from(x, (v) => Math.round((v + 1) * 127.5));
  };
}

/* Grey levels (1 or 3 channels, channel by channel) onto a canvas of the picture's own size. */
function paint(canvas, pixels, [channels, height, width]) {
  if (canvas.width !== width) canvas.width = width; // setting a size, even the same one, costs a new buffer
  if (canvas.height !== height) canvas.height = height;
  const picture = new ImageData(width, height), plane = width * height;
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) picture.data[4 * i + c] = pixels[channels === 1 ? i : c * plane + i];
    picture.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
}
