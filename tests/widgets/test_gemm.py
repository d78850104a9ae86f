"""The page's matrix product in WebAssembly: made from its text, and right."""

import numpy as np
import pytest
import wasmtime

from gan_lib.widgets.face import PAGE

COMMAND = "python -c \"import wasmtime; open('gemm.wasm', 'wb').write(wasmtime.wat2wasm(open('gemm.wat').read()))\""


def test_the_binary_is_its_text():
    made = wasmtime.wat2wasm((PAGE / "gemm.wat").read_text(encoding="utf-8"))
    assert bytes(made) == (PAGE / "gemm.wasm").read_bytes(), f"in {PAGE}: {COMMAND}"


@pytest.mark.parametrize(("n", "k", "panels"), [(4, 1, 1), (4, 100, 3), (12, 7, 2), (64, 33, 5)])
def test_the_product_is_numpys(n, k, panels):
    store = wasmtime.Store()
    memory = wasmtime.Memory(store, wasmtime.MemoryType(wasmtime.Limits(4, None)))
    module = wasmtime.Module(store.engine, (PAGE / "gemm.wasm").read_bytes())
    gemm = wasmtime.Instance(store, module, [memory]).exports(store)["gemm"]
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(n, k)).astype(np.float32), rng.normal(size=(k, 8 * panels)).astype(np.float32)
    packed = np.ascontiguousarray(w.reshape(k, panels, 8).transpose(1, 0, 2))
    at_x, at_y = packed.nbytes, packed.nbytes + x.nbytes
    memory.write(store, packed.tobytes() + x.tobytes(), 0)
    gemm(store, 0, at_x, at_y, panels, k, n)
    y = np.frombuffer(memory.read(store, at_y, at_y + n * panels * 32), np.float32).reshape(n, 8 * panels)
    np.testing.assert_allclose(y, x @ w, rtol=1e-4, atol=1e-5)
