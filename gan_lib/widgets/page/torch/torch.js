/* smallTorch(wasm): what the book needs of torch, under torch's own names; wasm as compileKernel gives it.
 *
 * Why no library: TensorFlow.js 4.22 with its WebAssembly is 254 kB gzipped, fetches its .wasm, which a page from
 * file:// may not, and gives no second derivative of tanh, exp, sigmoid or LeakyReLU (tried; its issue 3252), so no
 * gradient penalty. jax-js 0.1 has those in about 80 kB, but comes as modules, which file:// refuses, and its arrays are
 * freed by hand. Neither has what the book is about: torch's detach, versions, freed graphs and random numbers. This is
 * 10 kB. An update of chapter 3's MLPs, batch of 64, in one run on a busy machine: torch on one thread 9 ms, this 18,
 * jax-js 41, TensorFlow.js 149 (all three in Node).
 */
const TORCH = [
  randomNumbers, openKernel, plainGemm, matrixProducts, packPanels, countOf, listed, sameShape, commonShape, spreadOut,
  sumOut, sumOver, runtimeError, gradientGraph, tensorClass, tensorOperations, errorFunction, neuralNetworks,
  withoutNew, optimizers, smallTorch,
];

/* Uses nothing but the functions of TORCH: their texts are also a worker's program. */
function smallTorch(wasm) {
  const graph = gradientGraph(), Tensor = tensorClass(graph), { mode, recording } = graph;
  const { cat } = tensorOperations(Tensor, graph, matrixProducts(wasm));

  /* Numbers, nested or flat → a tensor with its own copy of them; of this shape, or that of the nesting. */
  function tensor(numbers, shape, { requires_grad = false } = {}) {
    if (shape && !Array.isArray(shape)) return tensor(numbers, undefined, shape);
    const nesting = (list) => (list?.length === undefined ? [] : [list.length, ...nesting(list[0])]);
    const data = Float32Array.from(ArrayBuffer.isView(numbers) ? numbers : [numbers].flat(Infinity));
    const found = shape ?? nesting(numbers), n = data.length;
    if (countOf(found) !== n) throw runtimeError(`shape '${listed(found)}' is invalid for input of size ${n}`);
    return new Tensor(data, found).requires_grad_(requires_grad);
  }

  /* full([2, 3], 1), ones([2, 3]) or ones(2, 3), and options at the end or none */
  const full = (shape, value, options) => tensor(new Float32Array(countOf(shape)).fill(value), shape, options);
  const filled = (value) => (...sizes) => {
    const options = typeof sizes.at(-1) === "object" && !Array.isArray(sizes.at(-1)) ? sizes.pop() : {};
    return full(sizes.flat(), value, options);
  };

  /* The tensors that torch's CPU draws from this seed, in any order of calls. Whole numbers come as Int32Array. */
  function generator(seed) {
    const numbers = randomNumbers(seed);
    return {
      ...numbers,
      randn: (shape) => new Tensor(numbers.randn(countOf(shape)), shape),
      rand: (shape) => new Tensor(numbers.uniform(countOf(shape)), shape),
      uniform: (shape, low, high) => new Tensor(numbers.uniform(countOf(shape), low, high), shape),
      randint: (high, shape) => numbers.randint(high, countOf(shape)),
    };
  }
  const common = generator(Math.floor(Math.random() * 2 ** 32)); // torch's global one

  const uniform = (shape, low, high) => common.uniform(shape, low, high);
  return {
    Tensor, tensor, full, zeros: filled(0), ones: filled(1), cat, generator,
    manual_seed: common.manual_seed, get_rng_state: common.get_state, set_rng_state: common.set_state,
    randn: (shape, { generator = common } = {}) => generator.randn(shape),
    rand: (shape, { generator = common } = {}) => generator.rand(shape),
    randint: (high, shape, { generator = common } = {}) => generator.randint(high, shape),
    randperm: (n, { generator = common } = {}) => generator.randperm(n),
    no_grad: (work) => recording(false, work),
    enable_grad: (work) => recording(true, work),
    set_grad_enabled: recording,
    is_grad_enabled: () => mode.recording,
    nn: neuralNetworks(Tensor, uniform, recording),
    optim: optimizers(),
    autograd: { grad: graph.grad },
  };
}
