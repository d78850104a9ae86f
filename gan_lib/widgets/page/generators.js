/* Generators of a page: their weights are fetched once. A large one runs in a worker of its own, so that the page
 * never waits; a small one runs here, because its picture then comes in the same frame as the slider. */

const SMALL = 2e6; // weights: about a millisecond a picture
const GANS = (window.ganGenerators ??= { opened: new Map(), files: new Map() });

/* A weights file calls this; a script is the one thing that a page from file:// may fetch. */
window.ganWeights ??= (name, text) => GANS.files.set(name, text);

/* spec → a promise of { draw, effect }, functions that return promises; the same spec is opened once. */
function openGenerator(spec) {
  if (!GANS.opened.has(spec.name)) GANS.opened.set(spec.name, weights(spec).then((text) => start(spec, text)));
  return GANS.opened.get(spec.name);
}

async function weights(spec) {
  if (spec.data) return spec.data;
  const root = document.documentElement.dataset.content_root;
  if (root === undefined) throw new Error("its weights lie beside the book's pages, and this is another page");
  const address = `${root}_static/generators/${spec.name}.js`;
  await new Promise((resolve, reject) => {
    const script = element("script", { src: address });
    script.onload = resolve;
    script.onerror = () => reject(new Error(`its weights are missing or of another version; build the book again (${address})`));
    document.head.append(script);
  });
  if (!GANS.files.has(spec.name)) throw new Error(`its weights are damaged; build the book again (${address})`);
  const text = GANS.files.get(spec.name);
  GANS.files.delete(spec.name); // the worker has them now
  return text;
}

async function start(spec, text) {
  let wasm;
  try {
    wasm = await WebAssembly.compile(Uint8Array.from(atob(GEMM), (c) => c.charCodeAt(0)));
  } catch { /* no WebAssembly, or none with SIMD: plain JavaScript, slower */ }
  const here = { postMessage: (data) => inside.onmessage({ data }) };
  const inside = { postMessage: (data) => here.onmessage({ data }) };
  if (spec.numbers >= SMALL) {
    try {
      const url = URL.createObjectURL(new Blob([`${ENGINE.join("\n")}\n(${answer})(self);`], { type: "text/javascript" }));
      return await connect(new Worker(url), { spec, text, wasm }).finally(() => URL.revokeObjectURL(url));
    } catch { /* workers are forbidden here, or cannot take the program: the page itself computes */ }
  }
  answer(inside);
  return connect(here, { spec, text, wasm });
}

/* A worker, or what stands in for one → { draw, effect }, once it has taken the generator. */
async function connect(port, generator) {
  const waiting = new Map();
  let last = 0;
  const ask = (task, data) => new Promise((resolve, reject) => {
    waiting.set(++last, { resolve, reject });
    port.postMessage({ id: last, task, data });
  });
  port.onmessage = ({ data: { id, result, error } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(new Error(error)); else resolve(result);
  };
  port.onerror = port.onmessageerror = () => {
    for (const { reject } of waiting.values()) reject(new Error("its worker has died"));
    waiting.clear();
  };
  await ask("open", generator);
  return { draw: (data) => ask("draw", data), effect: (data) => ask("effect", data) };
}

/* The worker's half. */
function answer(self) {
  let tasks = { open({ spec, text, wasm }) { tasks = engine(spec, text, wasm); } };
  self.onmessage = ({ data: { id, task, data } }) => {
    try {
      self.postMessage({ id, result: tasks[task](data) });
    } catch (error) {
      self.postMessage({ id, error: error.message });
    }
  };
}

/* Grey levels (y, x, channels) with 1 or 3 channels onto a canvas of the picture's own size. */
function paint(canvas, pixels, [channels, height, width]) {
  if (canvas.width !== width) canvas.width = width; // setting a size, even the same one, costs a new buffer
  if (canvas.height !== height) canvas.height = height;
  const picture = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) picture.data[4 * i + c] = pixels[channels * i + (channels === 1 ? 0 : c)];
    picture.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
}
