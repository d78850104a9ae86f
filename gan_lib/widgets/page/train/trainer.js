/* A GAN that trains in the page: README.md says what can be asked of it. */
const TRAINER = [
  ...TORCH, pageGame, known, pageNetworks, toySet, modesCovered, strictModes, slicedDistance, pageState, setRates,
  checkBatch, shuffledRows, dTurn, gTurn, fullUpdate, judging, realBatch, shown, meanOf, updateAverage, crc32,
  lookAtPoints, lookAtPictures, drawing, progressOf, trainerTasks, trained, halfUpdate, exploded, problemOf, weightsOf,
  snapshotOf, restored,
];

function openTrainer({ recipe, data }) {
  return openWorker(TRAINER, trainerTasks, { recipe: { ...RECIPE, ...recipe }, data });
}

/* parts: functions, whose texts are the worker's program; makeTasks, one of them, gets `what` and the kernel. */
async function openWorker(parts, makeTasks, what) {
  const opening = { ...what, wasm: await compileKernel() };
  let worker;
  try {
    const program = `${parts.join("\n")}\n(${answerTasks})(self, ${makeTasks.name});`;
    const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
    worker = new Worker(url);
    return await asked(worker, opening, () => worker.terminate()).finally(() => URL.revokeObjectURL(url));
  } catch (error) {
    worker?.terminate();
    if (error.told) throw error; // about the recipe or the data: the page itself would say the same
  }
  const here = { postMessage: (message) => setTimeout(() => inside.onmessage({ data: message })) };
  const inside = { postMessage: (message) => here.onmessage({ data: message }) };
  answerTasks(inside, makeTasks);
  return asked(here, opening);
}

/* A worker, or what stands in for one → a trainer, once it has taken recipe and data. */
async function asked(port, opening, close) {
  const waiting = new Map(), inPage = !close;
  let last = 0;
  const ask = (task, values = {}) => new Promise((resolve, reject) => {
    waiting.set(++last, { resolve, reject });
    const ms = inPage ? 8 : Infinity; // and then the page's own turn
    port.postMessage({ id: last, task, values: { ...values, ms: Math.min(values.ms ?? Infinity, ms) } });
  });
  port.onmessage = ({ data: { id, result, error } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error) reject(Object.assign(new Error(error), { told: true })); else resolve(result);
  };
  port.onerror = port.onmessageerror = () => {
    for (const { reject } of waiting.values()) reject(new Error("its worker has died"));
    waiting.clear();
  };
  await ask("open", opening);
  return { ask, close: close ?? (() => {}), inPage, wasm: Boolean(opening.wasm) };
}

/* The worker's half. */
function answerTasks(self, makeTasks) {
  let tasks = { open(opening) { tasks = makeTasks(opening); } };
  self.onmessage = ({ data: { id, task, values } }) => {
    try {
      self.postMessage({ id, result: tasks[task](values) });
    } catch (error) {
      self.postMessage({ id, error: error.message });
    }
  };
}
