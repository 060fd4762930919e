"""Writes the trajectories of diffusers' schedulers that the Java schedulers are compared with.

Per scheduler: NAME.json lists cases (options, steps, strength, timesteps, first row) and NAME.npy holds the latents
after every model call of every case, one row of eight values each. Model, noise and latents are formulas, computed in
float64 and rounded to float32, which GoldenTrajectories.java repeats.

torch's functions of float32 are not correctly rounded and differ between processors, and a few configurations (noise
levels in the thousands, stochastic solvers in short steps) make more than 1e-5 out of that last bit. So that there is one
answer to compare with, on every machine, diffusers runs here on functions that are evaluated in float64 and rounded once.

    pip install -r requirements.txt && python schedulers.py
"""

import json
import math
import pathlib
import warnings

import diffusers
import numpy as np
import torch
from diffusers.pipelines.flux.pipeline_flux import calculate_shift
from diffusers.schedulers import (
    scheduling_ddim,
    scheduling_dpmsolver_multistep,
    scheduling_euler_ancestral_discrete,
    scheduling_flow_match_euler_discrete,
)
from torch.overrides import TorchFunctionMode

OUT = pathlib.Path(__file__).resolve().parents[2] / "api/src/test/resources/dev/diffusion4j/scheduler"
SHAPE = (1, 2, 2, 2)
STEPS = (10, 25, 50)
INDEX = np.arange(math.prod(SHAPE), dtype=np.float64)


def tensor(values):
    return torch.from_numpy(np.asarray(values, dtype=np.float64).astype(np.float32).reshape(SHAPE))


def model(latents, timestep):
    x = latents.numpy().reshape(-1).astype(np.float64)
    t = float(timestep)
    share = t / 1000
    return tensor(share * x + (1 - share) * 0.3 * np.sin(2 * x + 0.01 * t + 0.7 * INDEX))


def noise(draw):
    return tensor(1.2 * np.sin(1.7 * draw + 2.3 * INDEX + 0.5))


def start():
    return tensor(1.5 * np.sin(1.1 * INDEX + 0.3))


def clean():
    return tensor(0.8 * np.cos(0.9 * INDEX))


SD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
V = {"prediction_type": "v_prediction"}
SAMPLE = {"prediction_type": "sample"}
LEADING = {"timestep_spacing": "leading"}
TRAILING = {"timestep_spacing": "trailing"}
LINSPACE = {"timestep_spacing": "linspace"}
COSINE = {"beta_schedule": "squaredcos_cap_v2"}
KARRAS = {"use_karras_sigmas": True}
SIGMA_MIN = {"final_sigmas_type": "sigma_min"}
ZERO_SNR = {"rescale_betas_zero_snr": True}

FLOW = {"prediction_type": "flow_prediction", "use_flow_sigmas": True}
SHIFT = {"shift": 3.0}
# Some pipelines give the levels before shifting, and the length that mu depends on.
PIPELINE = {"pipeline_sigmas": True}
DYNAMIC = {"use_dynamic_shifting": True}
LINEAR = {"time_shift_type": "linear"}
QWEN_IMAGE = DYNAMIC | PIPELINE | {"max_shift": 0.9, "max_image_seq_len": 8192, "shift_terminal": 0.02}

SIGMA_SPACE = [
    SD, {}, SD | V, SD | SAMPLE, SD | LEADING, SD | TRAILING, SD | KARRAS, SD | KARRAS | V | LEADING, COSINE | V,
    COSINE | KARRAS, {"strength": 0.6} | SD, {"num_train_timesteps": 400},
]


def dpm_solver():
    cases = []
    for algorithm in ("dpmsolver++", "dpmsolver", "sde-dpmsolver++", "sde-dpmsolver"):
        ending = {} if algorithm.endswith("++") else SIGMA_MIN
        for order, kind in ((1, "midpoint"), (2, "midpoint"), (2, "heun"), (3, "midpoint")):
            if order < 3 or algorithm != "sde-dpmsolver":
                cases.append(
                    SD | ending | {"algorithm_type": algorithm, "solver_order": order, "solver_type": kind})
    noise_space = SD | SIGMA_MIN | {"algorithm_type": "dpmsolver"}
    third = {"solver_order": 3}
    return cases + [
        {}, SD | V, SD | SAMPLE, noise_space | V, noise_space | SAMPLE, SD | third | V, SD | LEADING, SD | TRAILING,
        SD | KARRAS, SD | KARRAS | third, SD | KARRAS | {"algorithm_type": "sde-dpmsolver++"}, SD | SIGMA_MIN | third,
        COSINE | V | {"lambda_min_clipped": -5.1}, COSINE | KARRAS | V, SD | {"euler_at_final": True} | SIGMA_MIN,
        SD | third | {"lower_order_final": False} | SIGMA_MIN, SD | ZERO_SNR | V | TRAILING,
        SD | {"strength": 0.6}, SD | third | KARRAS | {"strength": 0.35},
        FLOW, FLOW | {"flow_shift": 3.0}, FLOW | third | {"flow_shift": 3.0}, FLOW | {"solver_type": "heun"},
        FLOW | {"algorithm_type": "sde-dpmsolver++"}, FLOW | {"flow_shift": 5.0, "strength": 0.6},
    ]


def flow_match_euler():
    return [
        {}, SHIFT, PIPELINE, SHIFT | PIPELINE, SHIFT | {"num_train_timesteps": 400}, SHIFT | {"shift_terminal": 0.1},
        DYNAMIC | {"mu": 0.8}, DYNAMIC | LINEAR | {"mu": 2.5}, DYNAMIC | PIPELINE | {"image_seq_len": 256},
        DYNAMIC | PIPELINE | {"image_seq_len": 4096}, DYNAMIC | PIPELINE | LINEAR | {"image_seq_len": 1024},
        QWEN_IMAGE | {"image_seq_len": 6000}, SHIFT | KARRAS, SHIFT | {"use_exponential_sigmas": True},
        SHIFT | {"use_beta_sigmas": True}, SHIFT | {"stochastic_sampling": True}, SHIFT | {"strength": 0.6},
        {"custom_sigmas": True}, SHIFT | {"stochastic_sampling": True, "torch_seed": 7},
    ]


CASES = {
    "PNDMScheduler": [
        SD | {"skip_prk_steps": True}, SD, {}, SD | V | {"skip_prk_steps": True}, SD | V,
        SD | LINSPACE | {"skip_prk_steps": True}, SD | TRAILING | {"skip_prk_steps": True}, SD | LINSPACE,
        SD | TRAILING, COSINE | V | {"skip_prk_steps": True}, SD | {"set_alpha_to_one": True, "skip_prk_steps": True},
        SD | {"skip_prk_steps": True, "strength": 0.6}, SD | {"skip_prk_steps": True, "strength": 0.98},
    ],
    "LMSDiscreteScheduler": SIGMA_SPACE,
    "HeunDiscreteScheduler": SIGMA_SPACE,
    "EulerDiscreteScheduler": SIGMA_SPACE + [SD | SIGMA_MIN, SD | KARRAS | SIGMA_MIN, SD | ZERO_SNR | V | TRAILING, SD | {"custom_sigmas": True}],
    "EulerAncestralDiscreteScheduler": [
        SD, {}, SD | V, SD | LEADING, SD | TRAILING, COSINE | V, SD | ZERO_SNR | V | TRAILING, SD | {"strength": 0.6},
        SD | {"torch_seed": 7},
    ],
    "DDIMScheduler": [
        SD | {"clip_sample": False, "set_alpha_to_one": False} | more
        for more in (
            {}, {"eta": 0.5}, {"eta": 1.0}, V, SAMPLE, V | {"eta": 0.7}, LINSPACE, TRAILING, {"set_alpha_to_one": True},
            {"strength": 0.6}, ZERO_SNR | V | TRAILING, {"torch_seed": 7, "eta": 1.0},
        )
    ] + [{}, {"clip_sample_range": 0.5, "eta": 0.3}, COSINE | V],
    "DPMSolverMultistepScheduler": dpm_solver(),
    "FlowMatchEulerDiscreteScheduler": flow_match_euler(),
    "FlowMatchHeunDiscreteScheduler": [{}, SHIFT, SHIFT | {"num_train_timesteps": 400}, SHIFT | {"strength": 0.6}],
}


class RoundOnce(TorchFunctionMode):
    """Evaluates torch's functions of float32 in float64 and rounds the result once."""

    FUNCTIONS = {
        getattr(owner, name)
        for owner in (torch, torch.Tensor)
        for name in ("sqrt", "pow", "exp", "expm1", "log", "cos")
    } | {torch.Tensor.__pow__}

    def __torch_function__(self, function, types, args=(), kwargs=None):
        first = args[0] if args else None
        if function in self.FUNCTIONS and isinstance(first, torch.Tensor) and first.dtype == torch.float32:
            wide = [a.double() if isinstance(a, torch.Tensor) else a for a in args]
            return function(*wide, **(kwargs or {})).float()
        return function(*args, **(kwargs or {}))


class Noise:
    """Stands in for diffusers' source of noise: the formula, or a torch generator."""

    def __init__(self, seed):
        self.generator = None if seed is None else torch.Generator("cpu").manual_seed(seed)
        self.draws = 0

    def __call__(self, *_, **__):
        self.draws += 1
        if self.generator is not None:
            return torch.randn(SHAPE, generator=self.generator)
        return noise(self.draws)


def trajectory(name, case, steps):
    options = dict(case)
    strength = options.pop("strength", 1.0)
    eta = options.pop("eta", None)
    custom_sigmas = options.pop("custom_sigmas", False)
    pipeline_sigmas = options.pop("pipeline_sigmas", False)
    mu = options.pop("mu", None)
    image_seq_len = options.pop("image_seq_len", None)
    source = Noise(options.pop("torch_seed", None))
    for module in (
        scheduling_ddim,
        scheduling_dpmsolver_multistep,
        scheduling_euler_ancestral_discrete,
        scheduling_flow_match_euler_discrete,
    ):
        module.randn_tensor = source
    scheduler = getattr(diffusers, name)(**options)
    is_flow_match = name.startswith("FlowMatch")
    levels = None
    if image_seq_len is not None:
        config = scheduler.config
        mu = calculate_shift(
            image_seq_len, config.base_image_seq_len, config.max_image_seq_len, config.base_shift, config.max_shift)
    extra = {} if mu is None else {"mu": mu}
    if custom_sigmas:
        levels = [(0.9 if is_flow_match else 15) * 0.002 ** (i / (steps - 1)) for i in range(steps)] + [0.0]
        # Those of flow matching append the last level themselves.
        scheduler.set_timesteps(sigmas=levels[:-1] if is_flow_match else levels)
    elif pipeline_sigmas:
        scheduler.set_timesteps(sigmas=np.linspace(1, 1 / steps, steps), **extra)
    else:
        scheduler.set_timesteps(steps, **extra)
    initial = 1.0 if is_flow_match else scheduler.init_noise_sigma

    # As StableDiffusionImg2ImgPipeline.get_timesteps does, and StableDiffusion3Img2ImgPipeline's.
    done = min(steps * strength, steps)
    begin = (int(max(steps - done, 0)) if is_flow_match else max(steps - int(done), 0)) * scheduler.order
    timesteps = scheduler.timesteps[begin:]
    if hasattr(scheduler, "set_begin_index"):
        # Without it, a plan whose first two timesteps round to the same number would begin at the second.
        scheduler.set_begin_index(begin)

    if strength < 1:
        add_noise = (lambda x, n, t: scheduler.scale_noise(x, t, n)) if is_flow_match else scheduler.add_noise
        latents = add_noise(clean(), noise(0), timesteps[:1])
    else:
        latents = (source() if source.generator is not None else start()) * initial
    rows = [latents]
    for t in timesteps:
        output = model(latents if is_flow_match else scheduler.scale_model_input(latents, t), t)
        extra = {} if eta is None else {"eta": eta}
        latents = scheduler.step(output, t, latents, **extra).prev_sample
        rows.append(latents)
    assert all(torch.isfinite(row).all() for row in rows), (name, case, steps)
    return (
        {
            "options": case,
            "steps": steps,
            "initNoiseSigma": float(initial),
            "timesteps": [float(t) for t in timesteps],
        }
        | ({"sigmas": levels} if custom_sigmas else {}),
        [row.numpy().reshape(-1) for row in rows],
    )


def main():
    warnings.simplefilter("ignore")
    diffusers.logging.set_verbosity_error()
    OUT.mkdir(parents=True, exist_ok=True)
    for name, cases in CASES.items():
        entries = []
        rows = []
        for case in cases:
            for steps in STEPS:
                entry, values = trajectory(name, case, steps)
                entries.append(entry | {"row": len(rows)})
                rows += values
        text = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries)
        (OUT / f"{name}.json").write_text(f"[\n{text}\n]\n")
        np.save(OUT / f"{name}.npy", np.stack(rows))
        print(f"{name}: {len(cases)} configurations, {len(rows)} rows")


if __name__ == "__main__":
    with RoundOnce():
        main()
