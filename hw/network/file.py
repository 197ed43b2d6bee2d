"""Network files: one ``.safetensors`` file, or the same compressed as ``.safetensors.xz``."""

import hashlib
import json
import lzma
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from .description import describe, network_from
from .model import Network, NetworkError
from .validation import validate
from .whole_file import write_whole

__all__ = ["MAX_FILE_BYTES", "fingerprint", "load_network", "save_network"]

# A dense VGG-16 for ImageNet has 138 MB of weights; nothing larger is read or unpacked.
MAX_FILE_BYTES = 1 << 30
DTYPES = {"I8": np.int8, "U8": np.uint8, "I16": np.int16, "I32": np.int32}
# Metadata keys: the description, and (optional) a checksum over description and tensors.
DESCRIPTION, CHECKSUM = "firstspike", "firstspike_sha256"
# Others who write safetensors put this key beside; its value means nothing here.
IGNORED = "format"


def save_network(network: Network, path: Path) -> None:
    """Validate ``network`` and write it, all or nothing; compressed if ``path`` ends in ``.xz``.

    The same network always gives the same bytes. Raises :class:`NetworkError` if a rule is broken,
    ``OSError`` if the file cannot be written.
    """
    validate(network)
    path = Path(path)
    content = _encode(network)
    if path.suffix == ".xz":
        content = lzma.compress(content, preset=9)
    write_whole(path, content)


def load_network(path: Path) -> Network:
    """Read and validate a network file.

    Raises :class:`NetworkError` that names file, layer, field and value for any file that is not a
    valid network; ``OSError`` if it cannot be read.
    """
    path = Path(path)
    try:
        network = network_from(*_decode(_read(path)))
        validate(network)
    except NetworkError as error:
        raise NetworkError(f"{path}: {error}") from None
    return network


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of the (uncompressed) network file, in hex."""
    return hashlib.sha256(_read(Path(path))).hexdigest()


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if path.suffix == ".xz":
        content = _unpack(content)
    if len(content) > MAX_FILE_BYTES:
        raise NetworkError(f"file must have at most {MAX_FILE_BYTES} bytes unpacked, not more")
    return content


def _unpack(content: bytes) -> bytes:
    unpacker = lzma.LZMADecompressor(memlimit=MAX_FILE_BYTES)
    try:
        unpacked = unpacker.decompress(content, max_length=MAX_FILE_BYTES + 1)
    except lzma.LZMAError as error:
        raise NetworkError(f"not an xz file ({error})") from None
    if len(unpacked) <= MAX_FILE_BYTES and (not unpacker.eof or unpacker.unused_data):
        raise NetworkError("xz file is truncated or has bytes after its end")
    return unpacked


def _encode(network: Network) -> bytes:
    description, tensors = describe(network)
    tensors = {name: np.ascontiguousarray(tensor) for name, tensor in sorted(tensors.items())}
    text = json.dumps(description)
    content = save(tensors, metadata={DESCRIPTION: text, CHECKSUM: _checksum(text, tensors)})
    # safetensors writes the metadata in random order: sort it.
    header, data = _split(content)
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    return len(encoded).to_bytes(8, "little") + encoded + data


def _decode(content: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    """Return description and tensors of a file, or raise :class:`NetworkError`."""
    try:
        entries = dict(deserialize(content))
        metadata = _split(content)[0].get("__metadata__", {})
    except (SafetensorError, ValueError) as error:
        raise NetworkError(f"not a safetensors file ({error})") from None
    if not {DESCRIPTION} <= set(metadata) <= {DESCRIPTION, CHECKSUM, IGNORED}:
        raise NetworkError(f"metadata must be the key {DESCRIPTION!r}, not {sorted(metadata)}")
    for name, entry in entries.items():
        if entry["dtype"] not in DTYPES:
            raise NetworkError(f"{name} must be one of {', '.join(DTYPES)}, not {entry['dtype']}")
    tensors = {
        name: np.frombuffer(entry["data"], np.dtype(DTYPES[entry["dtype"]]).newbyteorder("<"))
                .reshape(entry["shape"]).astype(DTYPES[entry["dtype"]])
        for name, entry in entries.items()}
    text = metadata[DESCRIPTION]
    if metadata.get(CHECKSUM) not in (None, _checksum(text, tensors)):
        raise NetworkError(f"content does not match its checksum {metadata[CHECKSUM][:80]}: "
                           "the file is damaged")
    try:
        description = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise NetworkError(f"description is not JSON ({error})") from None
    return description, tensors


def _refuse_constant(name: str):
    raise ValueError(f"{name} is not JSON")


def _split(content: bytes) -> tuple[dict, bytes]:
    """Return the header and the tensor bytes of a safetensors file."""
    size = int.from_bytes(content[:8], "little")
    return json.loads(content[8:8 + size]), content[8 + size:]


def _checksum(text: str, tensors: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256(text.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tensor.shape}".encode())
        digest.update(tensor.tobytes())
    return digest.hexdigest()
