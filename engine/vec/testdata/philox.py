"""Random bits of XLA's RngBitGenerator (PHILOX) on the CPU, for philox_test.go.

    pip install jax==0.10.2 && python philox.py > philox.json

Prints a list of {state, type, next, bits}: state and next are the three words of 64 bits.
"""
import json

import jax
import numpy as np
from jax._src.lib import xla_client

jax.config.update("jax_enable_x64", True)


def run(state, n, kind):
    module = f"""module {{ func.func public @main(%s: tensor<3xui64>) -> (tensor<3xui64>, tensor<{n}x{kind}>) {{
      %0, %1 = "stablehlo.rng_bit_generator"(%s) {{rng_algorithm = #stablehlo<rng_algorithm PHILOX>}}
        : (tensor<3xui64>) -> (tensor<3xui64>, tensor<{n}x{kind}>)
      return %0, %1 : tensor<3xui64>, tensor<{n}x{kind}> }} }}"""
    devices = xla_client.DeviceList(tuple(jax.devices()[:1]))
    program = jax.devices()[0].client.compile_and_load(module, devices, xla_client.CompileOptions())
    result = program.execute_sharded([jax.device_put(np.array(state, dtype=np.uint64))])
    following, bits = [np.asarray(a[0]) for a in result.disassemble_into_single_device_arrays()]
    # Strings: JSON numbers do not carry 64 bits.
    return {"state": [str(v) for v in state], "type": kind,
            "next": [str(v) for v in following], "bits": [str(v) for v in bits]}


if __name__ == "__main__":
    top = 2**64 - 1
    cases = []
    for state in ([0, 0, 0], [1, 2, 3], [0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0],
                  [5, top, 0], [5, top - 2, top], [7, 2**32 - 2, 9], [top, 0, top]):
        for n in (1, 4, 9, 70):
            cases.append(run(state, n, "ui32"))
        for n in (1, 2, 7):
            cases.append(run(state, n, "ui64"))
    json.dump({"jax": jax.__version__, "cases": cases}, __import__("sys").stdout)
