/* The same random numbers as PyTorch's CPU, call after call: randomNumbers(seed) is a torch.Generator of that seed.
 *
 * PyTorch draws 32-bit words from a Mersenne Twister (Matsumoto and Nishimura 1998). A uniform number is 24 bits of a
 * word. Sixteen or more normal numbers are uniform ones that Box-Muller turns, sixteen at a time: the first eight of a
 * block with the last eight; a rest shorter than sixteen is handled by drawing the last sixteen numbers anew. Fewer
 * than sixteen are drawn pair by pair from 53-bit uniforms, and what is left of a pair waits for the next such call.
 */
function randomNumbers(seed) {
  const words = new Uint32Array(624);
  let next, waiting; // the next word's place, and the second number of a pair
  manual_seed(seed);

  function manual_seed(seed) {
    words[0] = seed >>> 0;
    for (let i = 1; i < 624; i++) {
      const s = words[i - 1] ^ (words[i - 1] >>> 30);
      words[i] = Math.imul(1812433253, s) + i;
    }
    next = 624;
    waiting = undefined;
  }

  function twist() {
    for (let i = 0; i < 624; i++) {
      const y = (words[i] & 0x80000000) | (words[i < 623 ? i + 1 : 0] & 0x7fffffff);
      words[i] = words[i < 227 ? i + 397 : i - 227] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    next = 0;
  }

  function word() {
    if (next === 624) twist();
    let y = words[next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  const short = () => (word() & 0xffffff) / 0x1000000;
  const long = () => ((word() & 0x1fffff) * 2 ** 32 + word()) / 2 ** 53;

  function normal() {
    if (waiting !== undefined) {
      const z = waiting;
      waiting = undefined;
      return z;
    }
    const angle = 2 * Math.PI * long(), radius = Math.sqrt(-2 * Math.log1p(-long()));
    waiting = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  function randn(n) {
    const z = new Float32Array(n);
    for (let j = 0; j < n; j++) z[j] = n < 16 ? normal() : short();
    if (n < 16) return z;
    for (let start = 0; start + 16 <= n; start += 16) boxMuller(z, start);
    if (n % 16) {
      for (let j = n - 16; j < n; j++) z[j] = short();
      boxMuller(z, n - 16);
    }
    return z;
  }

  function boxMuller(z, start) {
    for (let j = start; j < start + 8; j++) {
      const radius = Math.sqrt(-2 * Math.log(1 - z[j])), angle = 2 * Math.PI * z[j + 8];
      z[j] = radius * Math.cos(angle);
      z[j + 8] = radius * Math.sin(angle);
    }
  }

  /* n numbers in low…high; rand, and torch's uniform_ */
  function uniform(n, low = 0, high = 1) {
    const from = Math.fround(low), width = Math.fround(Math.fround(high) - from), z = new Float32Array(n);
    for (let j = 0; j < n; j++) z[j] = short() * width + from;
    return z;
  }

  const randint = (high, n) => Int32Array.from({ length: n }, () => word() % high);

  function randperm(n) {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = 0; i < n - 1; i++) {
      const j = i + (word() % (n - i)), taken = order[j];
      order[j] = order[i];
      order[i] = taken;
    }
    return order;
  }

  const get_state = () => ({ words: words.slice(), next, waiting });
  function set_state(state) {
    words.set(state.words);
    ({ next, waiting } = state);
  }

  return { manual_seed, randn, uniform, randint, randperm, get_state, set_state };
}

/* The n numbers of torch.randn(1, n) after manual_seed(seed). */
function normals(seed, n) {
  return randomNumbers(seed).randn(n);
}

const isSeed = (value) => Number.isInteger(value) && value >= 0 && value <= 4294967295;
