"""The page's scripts in a JavaScript engine that pip installs, without a browser."""

from __future__ import annotations

import asyncio
import base64
import json

import numpy as np
from py_mini_racer import MiniRacer

from gan_lib.widgets import face
from gan_lib.widgets.export import Exported
from gan_lib.widgets.face import PAGE, base64_text

DRAW = """
const tried = (spec, weights, inputs, pictures, wasm) => Array.from(
  engine(spec, weights, wasm && new WebAssembly.Module(Uint8Array.fromBase64(wasm)))
    .draw({ inputs: Float32Array.from(inputs), pictures }));
"""


def context(*names: str, before: str = "") -> MiniRacer:
    """An engine that has read these files of page/, in this order, but mounts nothing; a page's window and document are
    not there. Of a .wasm file, it has a constant of its name, as a page has."""
    running = asyncio._get_running_loop()  # Playwright's, if it was used before; an engine made in it waits for ever
    asyncio._set_running_loop(None)
    try:
        engine = MiniRacer()
    finally:
        asyncio._set_running_loop(running)
    engine.eval("\n".join([before, *(face.text_of(name).split("\nmount(")[0] for name in names)]))
    return engine


def drawn(exported: Exported, inputs: np.ndarray, *, wasm: bool = True) -> np.ndarray:
    """What page/engine.js draws of the inputs (B, n): grey levels (B, C, H, W)."""
    engine = context("kernel.js", "engine.js")
    engine.eval(DRAW)
    program = base64_text((PAGE / "gemm.wasm").read_bytes()) if wasm else None
    spec, weights = json.loads(json.dumps(exported.spec)), base64.b64encode(exported.weights).decode()
    found = engine.call("tried", spec, weights, np.asarray(inputs).ravel().tolist(), len(inputs), program)
    channels, height, width = exported.spec["shape"]
    return np.array(found).reshape(len(inputs), height, width, channels).transpose(0, 3, 1, 2)
