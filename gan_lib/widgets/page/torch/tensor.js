/* A tensor: float32 numbers row by row, their shape, and its place in the graph. `detach`, `view` and `t` give other
 * tensors of the same numbers: what changes one changes all, and all see that the version has changed. */
function tensorClass({ mode, backward }) {
  class Tensor {
    grad = null;
    grad_fn = null;
    requires_grad = false;

    /* turned: the numbers are those of the transposed matrix */
    constructor(data, shape, storage = { data, changes: { version: 0 }, owned: false }, turned = false) {
      this.shape = shape;
      this.storage = storage;
      this.turned = turned;
    }

    get data() {
      return this.turned ? turn(this.storage.data, this.shape[1], this.shape[0]) : this.storage.data;
    }

    get is_leaf() {
      return this.grad_fn === null;
    }

    get _version() {
      return this.storage.changes.version;
    }

    item() {
      const { data } = this;
      if (data.length !== 1) throw runtimeError(`a Tensor with ${data.length} elements cannot be converted to Scalar`);
      return data[0];
    }

    tolist() {
      const { data, shape } = this;
      const nested = (dim, start, length) => {
        if (dim === shape.length) return data[start];
        const step = length / shape[dim];
        return Array.from({ length: shape[dim] }, (_, i) => nested(dim + 1, start + i * step, step));
      };
      return nested(0, 0, data.length);
    }

    /* The same numbers in another shape, outside the graph. */
    as(shape, turned = this.turned) {
      return new Tensor(undefined, shape, this.storage, turned);
    }

    detach() {
      return this.as(this.shape);
    }

    requires_grad_(flag = true) {
      if (!flag && !this.is_leaf) {
        throw runtimeError("you can only change requires_grad flags of leaf variables; use detach().");
      }
      this.requires_grad = flag;
      return this;
    }

    backward(options) {
      backward(this, options);
    }

    ones_like() {
      return new Tensor(new Float32Array(countOf(this.shape)).fill(1), this.shape);
    }

    /* These numbers in place of its own, as the last step of every operation in place. */
    overwrite(values) {
      const { data, shape } = values, mine = listed(this.shape);
      if (mine !== listed(shape)) {
        throw runtimeError(`output with shape ${mine} doesn't match the broadcast shape ${listed(shape)}`);
      }
      this.storage.data.set(this.turned ? turn(data, ...shape) : data);
      this.storage.changes.version++;
      if (values.grad_fn) Object.assign(this, { grad_fn: values.grad_fn, requires_grad: true });
      return this;
    }

    /* Before an operation in place: itself, or, where the graph may keep it, a copy as it is now. */
    before() {
      if (!mode.recording) return this;
      if (this.requires_grad && this.is_leaf) {
        throw runtimeError("a leaf Variable that requires grad is being used in an in-place operation.");
      }
      const { grad_fn, requires_grad } = this;
      return Object.assign(new Tensor(this.data.slice(), this.shape), { grad_fn, requires_grad });
    }
  }

  /* A matrix of that many rows and columns, transposed. */
  function turn(data, rows, columns) {
    const out = new Float32Array(data.length);
    for (let i = 0, from = 0; i < rows; i++)
      for (let j = 0, to = i; j < columns; j++, to += rows) out[to] = data[from++];
    return out;
  }

  return Tensor;
}
