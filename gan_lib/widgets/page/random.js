/* The same random numbers as PyTorch's CPU: z(seed, n) equals torch.randn(1, n) after manual_seed(seed).
 *
 * PyTorch draws 24-bit uniforms from a Mersenne Twister (Matsumoto and Nishimura 1998) and turns them
 * into normals by Box-Muller, sixteen at a time: the first eight of a block with the last eight. A rest
 * shorter than sixteen is handled by drawing the last sixteen numbers anew. Fewer than sixteen in all are
 * drawn pair by pair from 53-bit uniforms.
 */
function normals(seed, n) {
  const state = new Uint32Array(624);
  state[0] = seed >>> 0;
  for (let i = 1; i < 624; i++) {
    const s = state[i - 1] ^ (state[i - 1] >>> 30);
    state[i] = Math.imul(1812433253, s) + i;
  }
  let next = 624;

  function twist() {
    for (let i = 0; i < 624; i++) {
      const y = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7fffffff);
      state[i] = state[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    next = 0;
  }

  function word() {
    if (next === 624) twist();
    let y = state[next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  const uniform = () => (word() & 0xffffff) / 0x1000000;
  if (n < 16) return pairs(n, () => ((word() & 0x1fffff) * 2 ** 32 + word()) / 2 ** 53);

  const z = Float32Array.from({ length: n }, uniform);
  function boxMuller(start) {
    for (let j = start; j < start + 8; j++) {
      const radius = Math.sqrt(-2 * Math.log(1 - z[j])), angle = 2 * Math.PI * z[j + 8];
      z[j] = radius * Math.cos(angle);
      z[j + 8] = radius * Math.sin(angle);
    }
  }
  for (let start = 0; start + 16 <= n; start += 16) boxMuller(start);
  if (n % 16) {
    for (let j = n - 16; j < n; j++) z[j] = uniform();
    boxMuller(n - 16);
  }
  return z;
}

function pairs(n, uniform) {
  const z = [];
  while (z.length < n) {
    const angle = 2 * Math.PI * uniform(), radius = Math.sqrt(-2 * Math.log1p(-uniform()));
    z.push(radius * Math.cos(angle), radius * Math.sin(angle));
  }
  return Float32Array.from(z.slice(0, n));
}
