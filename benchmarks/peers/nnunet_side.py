"""nnU-Net's side of `nnunet.py`, run by the Python of nnU-Net's own environment: its network, and its predictor.

    python nnunet_side.py FOLDER

It answers requests, a line of JSON each, in lines that begin with "answer", until its input ends. Arrays and the
weights are files of the folder.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
from torch import nn


def plans(setting: dict[str, Any]) -> dict[str, Any]:
    """As nnU-Net's planner writes them, for one network."""
    levels, patch, spacing = len(setting["features"]), setting["patch"], setting["spacing"]
    resampling = "resample_data_or_seg_to_shape"
    orders = {"order_z": 0, "force_separate_z": None}
    architecture = {
        "n_stages": levels,
        "features_per_stage": setting["features"],
        "conv_op": "torch.nn.modules.conv.Conv3d",
        "kernel_sizes": [[3, 3, 3]] * levels,
        "strides": [[1, 1, 1]] + [[2, 2, 2]] * (levels - 1),
        "n_conv_per_stage": [2] * levels,
        "n_conv_per_stage_decoder": [2] * (levels - 1),
        "conv_bias": True,
        "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
        "norm_op_kwargs": {"eps": 1e-5, "affine": True},
        "dropout_op": None,
        "dropout_op_kwargs": None,
        "nonlin": "torch.nn.LeakyReLU",
        "nonlin_kwargs": {"inplace": True},
    }
    configuration = {
        "data_identifier": "phantoms",
        "preprocessor_name": "DefaultPreprocessor",
        "batch_size": 2,
        "patch_size": patch,
        "median_image_size_in_voxels": patch,
        "spacing": spacing,
        "normalization_schemes": ["ZScoreNormalization"],
        "use_mask_for_norm": [False],
        "resampling_fn_data": resampling,
        "resampling_fn_data_kwargs": {"is_seg": False, "order": 3, **orders},
        "resampling_fn_seg": resampling,
        "resampling_fn_seg_kwargs": {"is_seg": True, "order": 1, **orders},
        "resampling_fn_probabilities": resampling,
        "resampling_fn_probabilities_kwargs": {"is_seg": False, "order": 1, **orders},
        "architecture": {
            "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
            "arch_kwargs": architecture,
            "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
        },
        "batch_dice": True,
    }
    return {
        "dataset_name": "Dataset001_Phantoms",
        "plans_name": "nnUNetPlans",
        "original_median_spacing_after_transp": spacing,
        "original_median_shape_after_transp": patch,
        "image_reader_writer": "SimpleITKIO",
        "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2],
        "experiment_planner_used": "ExperimentPlanner",
        "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {"0": {}},
        "configurations": {"3d_fullres": configuration},
    }


def network(manager: PlansManager, classes: int) -> nn.Module:
    """As the plans say, with fresh weights."""
    made = manager.get_configuration("3d_fullres")
    found: nn.Module = get_network_from_plans(
        made.network_arch_class_name,
        made.network_arch_init_kwargs,
        made.network_arch_init_kwargs_req_import,
        1,
        classes,
        deep_supervision=False,
    )
    return found


def predictor(folder: Path, setting: dict[str, Any]) -> nnUNetPredictor:
    """nnU-Net's own, on the CPU, without mirroring."""
    manager = PlansManager(plans(setting))
    net = network(manager, setting["classes"]).eval()
    weights = torch.load(folder / "weights.pt", weights_only=True)
    net.load_state_dict(weights)
    made = nnUNetPredictor(
        tile_step_size=1 - setting["overlap"],
        use_gaussian=True,
        use_mirroring=False,
        perform_everything_on_device=True,
        device=torch.device("cpu"),
        allow_tqdm=False,
    )
    organs = {f"organ {n}": n for n in range(1, setting["classes"])}
    dataset = {"channel_names": {"0": "MR"}, "labels": {"background": 0, **organs}, "file_ending": ".nii.gz"}
    configuration = manager.get_configuration("3d_fullres")
    made.manual_initialization(net, manager, configuration, [weights], dataset, "nnUNetTrainer", None)
    return made


def answer(made: nnUNetPredictor, folder: Path, asked: dict[str, Any]) -> list[float]:
    """What is found in an array, into a file; processor time and time on the wall, of what nnU-Net does alone."""
    array = np.load(folder / "array.npy")
    torch.set_num_threads(asked["threads"])
    cpu, wall = time.process_time(), time.perf_counter()
    if asked["case"] == "one window":
        found = made.network(torch.from_numpy(array)[None])[0].numpy()
    elif asked["case"] == "windows":
        logits = made.predict_logits_from_preprocessed_data(torch.from_numpy(array))
        found = np.asarray(made.label_manager.convert_logits_to_segmentation(logits))
    else:
        found = made.predict_single_npy_array(array, {"spacing": asked["spacing"]})
    seconds = [time.process_time() - cpu, time.perf_counter() - wall]
    np.save(folder / "theirs.npy", found)
    return seconds


def say(what: object) -> None:
    """Marked, because nnU-Net prints as it goes."""
    print("answer", json.dumps(what), flush=True)


def main() -> None:
    """Answer requests."""
    folder = Path(sys.argv[1])
    setting = json.loads((folder / "setting.json").read_text("utf-8"))
    made = predictor(folder, setting)
    versions = {name: version(name) for name in ("nnunetv2", "dynamic-network-architectures", "torch")}
    say(versions)
    for line in sys.stdin:
        with torch.inference_mode():
            say(answer(made, folder, json.loads(line)))


if __name__ == "__main__":
    main()
