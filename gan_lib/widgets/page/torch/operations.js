/* What tensors can do, each with its gradient made of the same operations. Loops stand here one by one, because one
 * loop that calls a function for each number takes a browser several times as long. */
function tensorOperations(Tensor, { record }, multiply) {
  const make = (data, shape) => new Tensor(data, shape);
  const asTensor = (x) => (x instanceof Tensor ? x : make(Float32Array.of(x), []));
  const empty = (shape) => make(new Float32Array(countOf(shape)), shape);
  const written = (shape) => shape.join("x");

  // -------------------------------------------------------------------------------- number by number, of one tensor

  /* fill(x, y, …) writes y; slope(g, x, y, …) is the gradient; kept, "x" or "y", is what the slope looks at. */
  const one = (name, kept, fill, slope) => function (...settings) {
    const y = empty(this.shape);
    fill(this.data, y.data, ...settings);
    const needed = { x: [this], y: [y] }[kept] ?? [];
    return record(y, `${name}Backward0`, [this, (g) => slope(g, this, y, ...settings), ...needed]);
  };

  /* 1 where x is above 0, and `below` elsewhere; −1, 0 or 1. As torch has it, they have gradients, and these are 0. */
  const bend = one("Bend", "", (x, y, below) => {
    for (let i = 0; i < y.length; i++) y[i] = x[i] > 0 ? 1 : below;
  }, (g) => g.mul(0));
  const sign = one("Sgn", "", (x, y) => y.set(x.map(Math.sign)), (g) => g.mul(0));

  const constant = (x, f) => make(x.data.map(f), x.shape);

  const ofOne = {
    neg: one("Neg", "", (x, y) => {
      for (let i = 0; i < y.length; i++) y[i] = -x[i];
    }, (g) => g.neg()),
    exp: one("Exp", "y", (x, y) => {
      for (let i = 0; i < y.length; i++) y[i] = Math.exp(x[i]);
    }, (g, x, y) => g.mul(y)),
    log: one("Log", "x", (x, y) => {
      for (let i = 0; i < y.length; i++) y[i] = Math.log(x[i]);
    }, (g, x) => g.div(x)),
    sqrt: one("Sqrt", "y", (x, y) => {
      for (let i = 0; i < y.length; i++) y[i] = Math.sqrt(x[i]);
    }, (g, x, y) => g.div(y.mul(2))),
    square: one("Pow", "x", (x, y) => {
      for (let i = 0; i < y.length; i++) y[i] = x[i] * x[i];
    }, (g, x) => g.mul(x.mul(2))),
    tanh: one("Tanh", "y", (x, y) => { // twice as fast as Math.tanh, and as good in float32
      for (let i = 0; i < y.length; i++) y[i] = 1 - 2 / (Math.exp(2 * x[i]) + 1);
    }, (g, x, y) => g.sub(g.mul(y.square()))),
    sigmoid: one("Sigmoid", "y", (x, y) => {
      for (let i = 0; i < y.length; i++) y[i] = 1 / (1 + Math.exp(-x[i]));
    }, (g, x, y) => g.mul(y.sub(y.square()))),
    softplus: one("Softplus", "x", (x, y) => { // log(1 + exp(x)), which is x itself from 20 on
      for (let i = 0; i < y.length; i++) y[i] = x[i] > 20 ? x[i] : Math.log1p(Math.exp(x[i]));
    }, (g, x) => g.mul(x.sigmoid())),
    erf: one("Erf", "x", (x, y) => {
      for (let i = 0; i < y.length; i++) y[i] = errorFunction(x[i]);
    }, (g, x) => g.mul(x.square().neg().exp().mul(2 / Math.sqrt(Math.PI)))),
    abs: one("Abs", "x", (x, y) => {
      for (let i = 0; i < y.length; i++) y[i] = Math.abs(x[i]);
    }, (g, x) => g.mul(sign.call(x))),
    relu: one("Relu", "y", (x, y) => {
      for (let i = 0; i < y.length; i++) y[i] = x[i] <= 0 ? 0 : x[i];
    }, (g, x, y) => g.mul(bend.call(y, 0))),
    leaky_relu: one("LeakyRelu", "x", (x, y, slope = 0.01) => {
      for (let i = 0; i < y.length; i++) y[i] = x[i] > 0 ? x[i] : slope * x[i];
    }, (g, x, y, slope = 0.01) => g.mul(bend.call(x, slope))),
    clamp: one("Clamp", "x", (x, y, low = -Infinity, high = Infinity) => {
      for (let i = 0; i < y.length; i++) y[i] = x[i] < low ? low : x[i] > high ? high : x[i];
    }, (g, x, y, low = -Infinity, high = Infinity) => g.mul(constant(x, (v) => (v >= low && v <= high ? 1 : 0)))),
  };

  // ------------------------------------------------------------------------------- number by number, of two tensors

  /* fill(a, b, y, p, q): a number of its own for each of y (p = 1), or one for all (0) */
  const two = (name, fill, edges) => function (other) {
    const b = asTensor(other), y = empty(commonShape(this.shape, b.shape));
    const [[x, p], [z, q]] = [this, b].map(({ data, shape }) => {
      if (data.length === y.data.length) return [data, 1];
      return data.length === 1 ? [data, 0] : [spreadOut(data, shape, y.shape), 1];
    });
    fill(x, z, y.data, p, q);
    return record(y, `${name}Backward0`, ...edges(this, b));
  };

  const ofTwo = {
    add: two("Add", (a, b, y, p, q) => {
      for (let i = 0; i < y.length; i++) y[i] = a[i * p] + b[i * q];
    }, (a, b) => [[a, (g) => g], [b, (g) => g]]),
    sub: two("Sub", (a, b, y, p, q) => {
      for (let i = 0; i < y.length; i++) y[i] = a[i * p] - b[i * q];
    }, (a, b) => [[a, (g) => g], [b, (g) => g.neg()]]),
    mul: two("Mul", (a, b, y, p, q) => {
      for (let i = 0; i < y.length; i++) y[i] = a[i * p] * b[i * q];
    }, (a, b) => [[a, (g) => g.mul(b), b], [b, (g) => g.mul(a), a]]),
    div: two("Div", (a, b, y, p, q) => {
      for (let i = 0; i < y.length; i++) y[i] = a[i * p] / b[i * q];
    }, (a, b) => [[a, (g) => g.div(b), b], [b, (g) => g.neg().mul(a.div(b).div(b)), a, b]]),
    lerp(end, weight) {
      return this.add(end.sub(this).mul(weight));
    },
  };

  // --------------------------------------------------------------------------------------------- products of matrices

  function product(a, b, bias) {
    if (a.shape.length !== 2 || b.shape.length !== 2 || a.shape[1] !== b.shape[0]) {
      throw runtimeError(`mat1 and mat2 shapes cannot be multiplied (${written(a.shape)} and ${written(b.shape)})`);
    }
    const { storage: { data: x }, shape: [rows, inner] } = a, { storage: { data: w }, shape: [, columns] } = b;
    return make(multiply(x, a.turned, w, b.turned, rows, inner, columns, bias), [rows, columns]);
  }

  const products = {
    matmul(b) {
      const edges = [[this, (g) => g.matmul(b.t()), b], [b, (g) => this.t().matmul(g), this]];
      return record(product(this, b), "MmBackward0", ...edges);
    },
    /* x (B, in), weight (out, in), bias (out) or none → x · weightᵀ + bias (B, out) */
    linear(weight, bias) {
      const w = weight.t();
      if (!bias) return this.matmul(w);
      const edges = [[bias, (g) => g], [this, (g) => g.matmul(weight), w], [w, (g) => g.t().matmul(this).t(), this]];
      return record(product(this, w, bias.data), "AddmmBackward0", ...edges);
    },
    t() {
      const [rows, columns] = this.shape;
      if (this.shape.length < 2) return this;
      if (this.shape.length > 2) throw runtimeError("t() expects a tensor with <= 2 dimensions");
      return record(this.as([columns, rows], !this.turned), "TBackward0", [this, (g) => g.t()]);
    },
  };

  // ------------------------------------------------------------------------------------------------ sums over numbers

  /* dims: one, several, or undefined for all → their numbers, and the shape with ones there */
  function over({ shape }, dims) {
    const found = [dims ?? [...shape.keys()]].flat().map((d) => (d < 0 ? d + shape.length : d));
    const kept = shape.map((n, d) => (found.includes(d) ? 1 : n));
    return { found, kept, left: shape.filter((_, d) => !found.includes(d)), n: countOf(shape) / countOf(kept) };
  }

  function sums(x, found, shape, divisor = 1) {
    const data = sumOut(x.data, x.shape, found);
    if (divisor !== 1) for (let i = 0; i < data.length; i++) data[i] /= divisor;
    return make(data, shape);
  }

  const reductions = {
    sum(dims, keepdim = false) {
      const { found, kept, left } = over(this, dims), name = `SumBackward${dims === undefined ? 0 : 1}`;
      return record(sums(this, found, keepdim ? kept : left), name, [this, (g) => g.reshape(kept).expand(this.shape)]);
    },
    mean(dims, keepdim = false) {
      const { found, kept, left, n } = over(this, dims), name = `MeanBackward${dims === undefined ? 0 : 1}`;
      const slope = (g) => g.div(n).reshape(kept).expand(this.shape);
      return record(sums(this, found, keepdim ? kept : left, n), name, [this, slope]);
    },
    /* ‖x‖₂; where it is 0, so is its gradient */
    norm(dims, keepdim = false) {
      const { found, kept, left } = over(this, dims), y = empty(keepdim ? kept : left);
      y.data.set(sumOut(this.data.map((v) => v * v), this.shape, found).map(Math.sqrt));
      return record(y, "LinalgVectorNormBackward0", [this, (g) => {
        const length = y.reshape(kept), zero = constant(length, (v) => (v === 0 ? 1 : 0));
        return this.mul(g.reshape(kept).div(length.add(zero)).mul(zero.neg().add(1)));
      }, this, y]);
    },
    /* Back from a shape that this one was spread out to. */
    sum_to(shape) {
      if (sameShape(this.shape, shape)) return this;
      const more = this.shape.length - shape.length;
      const dims = [...this.shape.keys()].filter((d) => d < more || shape[d - more] !== this.shape[d]);
      return record(sums(this, dims, shape), "SumBackward1", [this, (g) => g.expand(this.shape)]);
    },
  };

  // ---------------------------------------------------------------------------------------- the same numbers elsewhere

  const moves = {
    view(...sizes) {
      if (this.turned) {
        throw runtimeError("view size is not compatible with input tensor's size and stride; use .reshape(...)");
      }
      const asked = sizes.flat(), n = countOf(this.shape), rest = n / -countOf(asked);
      const shape = asked.map((size) => (size === -1 ? rest : size));
      if (countOf(shape) !== n || !shape.every(Number.isInteger)) {
        throw runtimeError(`shape '${listed(asked)}' is invalid for input of size ${n}`);
      }
      return record(this.as(shape), "ViewBackward0", [this, (g) => g.reshape(this.shape)]);
    },
    reshape(...sizes) {
      return (this.turned ? this.clone() : this).view(...sizes);
    },
    flatten(start = 0) {
      return this.reshape(...this.shape.slice(0, start), countOf(this.shape.slice(start)));
    },
    clone() {
      const { data } = this;
      return record(make(this.turned ? data : data.slice(), this.shape), "CloneBackward0", [this, (g) => g]);
    },
    expand(...sizes) {
      const asked = sizes.flat(), more = asked.length - this.shape.length;
      const shape = asked.map((size, d) => (size === -1 ? this.shape[d - more] : size));
      if (more < 0 || !sameShape(commonShape(this.shape, shape), shape)) {
        throw runtimeError(`The expanded size ${listed(shape)} must match the existing one ${listed(this.shape)}`);
      }
      const data = spreadOut(this.data, this.shape, shape), { changes } = this.storage; // of one version, as in torch
      return record(new Tensor(data, shape, { data, changes, owned: false }), "ExpandBackward0", [this, (g) => g]);
    },
    /* Some rows, one after the other. */
    index(rows) {
      const order = make(Float32Array.from(rows.data ?? rows), [(rows.data ?? rows).length]), [n, ...rest] = this.shape;
      const wrong = order.data.find((row) => !(row >= 0 && row < n));
      if (wrong !== undefined) throw runtimeError(`index ${wrong} is out of bounds for dimension 0 with size ${n}`);
      const { data } = this, width = countOf(rest), y = empty([order.shape[0], ...rest]);
      order.data.forEach((row, i) => y.data.set(data.subarray(row * width, (row + 1) * width), i * width));
      return record(y, "IndexBackward0", [this, (g) => g.put(order.data, n), order]);
    },
    /* The other way round: each row added to the one of n that it came from. */
    put(order, n) {
      const [, ...rest] = this.shape, { data } = this, width = countOf(rest), y = empty([n, ...rest]);
      order.forEach((row, i) => {
        for (let j = 0; j < width; j++) y.data[row * width + j] += data[i * width + j];
      });
      return record(y, "IndexPutBackward0", [this, (g) => g.index(order)]);
    },
    narrow(dim, start, length) {
      const { data, shape } = this, inner = countOf(shape.slice(dim + 1)), whole = shape[dim] * inner;
      const part = (n) => empty(shape.map((size, d) => (d === dim ? n : size))), y = part(length);
      for (let from = start * inner, to = 0; to < y.data.length; from += whole, to += length * inner) {
        y.data.set(data.subarray(from, from + length * inner), to);
      }
      const slope = (g) => cat([part(start), g, part(shape[dim] - start - length)], dim);
      return record(y, "SliceBackward0", [this, slope]);
    },
  };

  function cat(tensors, dim = 0) {
    const { shape } = tensors[0], d = dim < 0 ? dim + shape.length : dim;
    if (tensors.some((x) => !sameShape(x.shape.with(d, 0), shape.with(d, 0)))) {
      throw runtimeError(`Sizes of tensors must match except in dimension ${d}.`);
    }
    const inner = countOf(shape.slice(d + 1)), total = tensors.reduce((sum, x) => sum + x.shape[d], 0);
    const y = empty(shape.map((n, k) => (k === d ? total : n)));
    let start = 0;
    const edges = tensors.map((x) => {
      const { data } = x, length = x.shape[d], first = start;
      start += length;
      for (let from = 0, to = first * inner; from < data.length; from += length * inner, to += total * inner) {
        y.data.set(data.subarray(from, from + length * inner), to);
      }
      return [x, (g) => g.narrow(d, first, length)];
    });
    return record(y, "CatBackward0", ...edges);
  }

  // --------------------------------------------------------------------------------------------------------- in place

  const inPlace = {
    copy_(source) {
      this.before();
      return this.overwrite(asTensor(source).expand(this.shape));
    },
    fill_(value) {
      return this.copy_(value);
    },
    zero_() {
      return this.copy_(0);
    },
  };
  for (const name of ["add", "sub", "mul", "div", "lerp", "clamp"]) {
    inPlace[`${name}_`] = function (...settings) {
      return this.overwrite(this.before()[name](...settings));
    };
  }

  Object.assign(Tensor.prototype, ofOne, ofTwo, products, reductions, moves, inPlace);
  return { cat };
}

/* erf(x) by its series of terms of one sign (Abramowitz and Stegun 1964, 7.1.6). */
function errorFunction(x) {
  if (!(Math.abs(x) < 6)) return Math.sign(x);
  let sum = 0, term = x;
  for (let n = 1; sum + term !== sum; n++) {
    sum += term;
    term *= (2 * x * x) / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
