"""Run a network on the RTL; compare with the golden model, count, and work out the energy."""

from typing import Annotated

import typer

from .options import Count, Data, Fitting, Images, Json, Network, OutDir, Trace


def run(
    file: Network,
    images: Images,
    out: OutDir,
    n: Count = None,
    data: Data = None,
    config: Fitting = "auto",
    trace: Trace = False,
    waves: Annotated[str | None, typer.Option(
        "--waves", metavar="LAYER", show_default=False,
        help="Record every signal while this layer runs, in LAYER.fst.")] = None,
    waves_image: Annotated[int, typer.Option(
        "--waves-image", metavar="N", min=0, help="Image to record, the first is 0.")] = 0,
    as_json: Json = False,
) -> int:
    from algo.zoo import network_path
    from hw.network import fingerprint, load_network

    from ..console import print_json
    from ..context import command_line
    from ..energy import check_table, load_table
    from ..fitting import fitting_configuration
    from ..images import load_images
    from ..output import new_files
    from ..record import RECORD_FILES, write_record
    from ..run import RUN_FILES, run_result, write_run
    from ..summary import print_run
    from ..verify import verify
    from ..waves import check_waves, record_waves

    path = network_path(file)
    network = load_network(path)
    image_set = load_images(images, network.input_shape, count=n, data_dir=data)
    processor, table = fitting_configuration(network, config), load_table()
    check_table(processor, table)
    recorded = () if waves is None else (f"{waves.replace('/', '_')}.fst",)
    if waves is not None:
        check_waves(network, waves, image_set, waves_image)
    command = command_line("cosim", file, images=images, n=n, data=data, config=config, trace=trace,
                           waves=waves, waves_image=waves_image or None, o=out)
    with new_files(out, (*recorded, *RECORD_FILES, *RUN_FILES)) as stage:
        verification = verify(network, processor, image_set.images, trace=trace)
        result = run_result(verification, image_set, table, network_sha256=fingerprint(path))
        for name in recorded:
            record_waves(network, processor, image_set.images[waves_image], waves, stage / name)
        write_record(stage, network, path, processor, image_set, command=command)
        write_run(stage, result, verification)
    if as_json:
        print_json(result)
    else:
        print_run(result)
        print(f"wrote {out}")
    return 0 if result["bit_exact"] else 1
