import torch
from torch import nn

from algo.training.averaging import Average


def model(weight):
    found = nn.BatchNorm1d(1).double()
    found.load_state_dict({"weight": torch.tensor([weight], dtype=torch.float64),
                           "bias": torch.zeros(1, dtype=torch.float64),
                           "running_mean": torch.tensor([2 * weight], dtype=torch.float64),
                           "running_var": torch.ones(1, dtype=torch.float64),
                           "num_batches_tracked": torch.tensor(int(weight))})
    return found


def test_recursion_by_hand():
    """0.75 · 8 + 0.25 · 4 = 7; 0.75 · 7 + 0.25 · 16 = 9.25. Counts are copied."""
    average = Average(model(8.0), 0.75)
    average.follow(model(4.0))
    assert average.model.weight.item() == 7 and average.model.running_mean.item() == 14
    average.follow(model(16.0))
    assert average.model.weight.item() == 9.25 and average.model.running_mean.item() == 18.5
    assert average.model.num_batches_tracked == 16


def test_no_decay_is_the_model_itself():
    found = model(1.0)
    average = Average(found, 0.0)
    average.follow(model(5.0))
    assert average.model is found and found.weight.item() == 1


def test_model_and_average_are_apart():
    found = model(1.0)
    average = Average(found, 0.5)
    average.follow(model(3.0))
    assert found.weight.item() == 1 and average.model.weight.item() == 2
    assert found.weight.requires_grad and not average.model.weight.requires_grad
