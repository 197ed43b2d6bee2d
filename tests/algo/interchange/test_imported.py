"""Names of modules: those of the nodes, as far as PyTorch allows."""

import pytest
import torch
from torch import nn

from algo.interchange.imported import Imported
from hw.network import INPUT, Shape


@pytest.mark.parametrize(("names", "expected"), [
    (["conv", "fc1"], ["conv", "fc1"]),
    (["0", "1"], ["0", "1"]),
    (["block.conv", "block.lif"], ["block.conv", "block.lif"]),
    (["stem/conv"], ["stem.conv"]),
    (["a", "a.b", "c.d", "c"], ["a", "a_b_", "c.d", "c_"]),
    (["a", "a"], ["a", "a_"]),
    (["train", "calls", "forward", "block.training"], ["train_", "calls_", "forward_",
                                                       "block_training_"]),
    (["input", ".", "a..b"], ["input_", "node", "a__b_"]),
])
def test_each_call_has_a_name_of_its_own(names, expected):
    module, source = Imported(Shape(1, 1, 1), 1), INPUT
    for name in names:
        source = module.add(name, nn.Identity(), (source,))
    assert [name for name, _ in module.calls] == expected
    assert [name for name, part in module.named_modules()
            if isinstance(part, nn.Identity)] == sorted(expected, key=expected.index)
    assert torch.equal(Imported.forward(module, torch.ones(2)), torch.ones(2))


def test_sources_are_added_up():
    module = Imported(Shape(1, 1, 1), 1)
    for name in ("a", "b"):
        module.add(name, nn.Identity(), (INPUT,))
    module.add("sum", nn.Identity(), ("a", "b", "a"))
    assert Imported.forward(module, torch.ones(2)).tolist() == [3, 3]
