"""The page's scripts in a JavaScript engine that pip installs, without a browser."""

from __future__ import annotations

import base64
import json

import numpy as np
from py_mini_racer import MiniRacer

from gan_lib.widgets.export import Exported
from gan_lib.widgets.face import PAGE, base64_text

DRAW = """
const tried = (spec, weights, inputs, pictures, wasm) => Array.from(
  engine(spec, weights, wasm && new WebAssembly.Module(Uint8Array.fromBase64(wasm)))
    .draw({ inputs: Float32Array.from(inputs), pictures }));
"""


def context(name: str, before: str = "") -> MiniRacer:
    """An engine that has read a script of page/, but does not mount it; a page's window and document are not there."""
    engine = MiniRacer()
    engine.eval(before + (PAGE / name).read_text(encoding="utf-8").split("\nmount(")[0])
    return engine


def drawn(exported: Exported, inputs: np.ndarray, *, wasm: bool = True) -> np.ndarray:
    """What page/engine.js draws of the inputs (B, n): grey levels (B, C, H, W)."""
    engine = context("engine.js")
    engine.eval(DRAW)
    program = base64_text((PAGE / "gemm.wasm").read_bytes()) if wasm else None
    spec, weights = json.loads(json.dumps(exported.spec)), base64.b64encode(exported.weights).decode()
    found = engine.call("tried", spec, weights, np.asarray(inputs).ravel().tolist(), len(inputs), program)
    channels, height, width = exported.spec["shape"]
    return np.array(found).reshape(len(inputs), height, width, channels).transpose(0, 3, 1, 2)
