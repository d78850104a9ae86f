/* Generators of a page: their weights are fetched once. A slow one runs in a worker of its own, so that the page
 * never waits; a fast one runs here, because its picture then comes in the same frame as the slider. */

const FAST = 4e6; // multiplications: about a millisecond a picture
const GENERATORS = (window.ganGenerators ??= new Map());

/* spec → a promise of engine.js's functions, which return promises here; the same spec is opened once. */
function openGenerator(spec) {
  const weights = async () => spec.data ?? besideThePage("generators", spec.name, "weights");
  if (!GENERATORS.has(spec.name)) GENERATORS.set(spec.name, weights().then((text) => start(spec, text)));
  return GENERATORS.get(spec.name);
}

async function start(spec, text) {
  const wasm = await compileKernel();
  const here = { postMessage: (data) => inside.onmessage({ data }) };
  const inside = { postMessage: (data) => here.onmessage({ data }) };
  if (multiplications(spec.layers) > FAST) {
    try {
      const url = URL.createObjectURL(new Blob([`${ENGINE.join("\n")}\n(${answer})(self);`], { type: "text/javascript" }));
      return await connect(new Worker(url), { spec, text, wasm }).finally(() => URL.revokeObjectURL(url));
    } catch { /* workers are forbidden here, or cannot take the program: the page itself computes */ }
  }
  answer(inside);
  return connect(here, { spec, text, wasm });
}

/* Of one picture. */
function multiplications(layers) {
  const ofLayer = ({ in: n = 0, out = 0, kernel = 1, side = 1, width = side }) => n * out * kernel ** 2 * side * width;
  return layers.reduce((sum, layer) => sum + ofLayer(layer), 0);
}

/* A worker, or what stands in for one → the engine's functions, once it has taken the generator. */
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
  const asks = (task) => (data) => ask(task, data);
  return Object.fromEntries(["values", "draw", "effect", "look", "effects"].map((task) => [task, asks(task)]));
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
