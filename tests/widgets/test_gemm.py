"""The page's matrix product in WebAssembly: both binaries made from its one text, and right."""

import re

import numpy as np
import pytest
import wasmtime

from gan_lib.widgets.face import PAGE

GET = r"(\(local\.get \$\w+\))"
SUM = re.compile(rf"\(f32x4\.add {GET} \(f32x4\.mul {GET} {GET}\)\)")
COMMAND = "from tests.widgets.test_gemm import *; [(PAGE / n).write_bytes(made(n)) for n in BINARIES]"
BINARIES = ("gemm.wasm", "gemm_relaxed.wasm")


def made(name: str) -> bytes:
    """A binary from gemm.wat; the relaxed one multiplies and adds in one instruction, which may round once or twice."""
    text = (PAGE / "gemm.wat").read_text(encoding="utf-8")
    if name == "gemm_relaxed.wasm":
        text, times = SUM.subn(r"(f32x4.relaxed_madd \2 \3 \1)", text)
        assert times == 8
    return bytes(wasmtime.wat2wasm(text))


@pytest.mark.parametrize("name", BINARIES)
def test_the_binary_is_its_text(name):
    assert made(name) == (PAGE / name).read_bytes(), f'python -c "{COMMAND}"'


@pytest.fixture(scope="module", params=BINARIES)
def opened(request):
    """A store, its memory and the product in it."""
    store = wasmtime.Store()
    memory = wasmtime.Memory(store, wasmtime.MemoryType(wasmtime.Limits(4, None)))
    module = wasmtime.Module(store.engine, (PAGE / request.param).read_bytes())
    return store, memory, wasmtime.Instance(store, module, [memory]).exports(store)["gemm"]


@pytest.mark.parametrize(("n", "k", "panels"), [(4, 1, 1), (4, 100, 3), (12, 7, 2), (64, 33, 5)])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_the_product_is_numpys(opened, n, k, panels, turned, packed):
    store, memory, gemm = opened
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(n, k)).astype(np.float32), rng.normal(size=(k, 8 * panels)).astype(np.float32)
    rows = np.ascontiguousarray(x.T if turned else x)
    columns = np.ascontiguousarray(w.reshape(k, panels, 8).transpose(1, 0, 2)) if packed else w
    at_x, at_y = w.nbytes, w.nbytes + x.nbytes
    memory.write(store, columns.tobytes() + rows.tobytes(), 0)
    x_steps, w_steps = (4, 4 * n) if turned else (4 * k, 4), (32, 32 * k) if packed else (32 * panels, 32)
    gemm(store, 0, at_x, at_y, panels, k, n, *x_steps, *w_steps)
    y = np.frombuffer(memory.read(store, at_y, at_y + n * panels * 32), np.float32).reshape(n, 8 * panels)
    np.testing.assert_allclose(y, x @ w, rtol=1e-4, atol=1e-5)
