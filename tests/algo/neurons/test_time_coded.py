import pytest
import torch

from algo.neurons.time_coded import Clip, TimeCoded, code_in_time, spike_times
from hw.numbers import NumberFormat

FORMATS = [NumberFormat(), NumberFormat(threshold_offset=0), NumberFormat(window=3),
           NumberFormat(steps_per_octave=16, window=60, weight_steps_per_octave=4),
           NumberFormat(steps_per_octave=1, window=5, weight_steps_per_octave=1)]


@pytest.mark.parametrize("numbers", FORMATS)
def test_times_are_those_of_the_integer_neuron(numbers):
    """θ = 1 is 2^F units, threshold step F·τ; float32 holds every potential exactly."""
    step = numbers.product_bits * numbers.steps_per_octave
    potentials = range(-50, 5000)
    times = spike_times(torch.tensor(potentials) * 2.0 ** -numbers.product_bits, numbers)
    assert times.tolist() == [numbers.fire(potential, step) for potential in potentials]


@pytest.mark.parametrize("numbers", FORMATS)
def test_worth_is_the_power_of_the_time(numbers):
    potential = torch.linspace(-0.5, 1.5, 4001)
    times = spike_times(potential, numbers)
    expected = torch.where(times < numbers.window,
                           torch.exp2(-times / numbers.steps_per_octave), 0)
    assert torch.allclose(code_in_time(potential, numbers), expected)


def test_worth_is_a_fixed_point():
    numbers = NumberFormat()
    worth = code_in_time(torch.rand(1000), numbers)
    assert torch.equal(code_in_time(worth, numbers), worth)


def test_half_a_step_of_offset_rounds_without_bias():
    potential = torch.exp2(-torch.rand(100_000, generator=torch.Generator().manual_seed(0)) * 5)
    error = {offset: (code_in_time(potential, NumberFormat(threshold_offset=offset)) / potential
                      ).log2().mean().item() * 4 for offset in (0, 0.5)}
    assert error[0.5] == pytest.approx(0, abs=0.02)
    assert error[0] == pytest.approx(-0.5, abs=0.02)


@pytest.mark.parametrize("activation", [Clip(), TimeCoded(NumberFormat())])
def test_gradient_is_that_of_the_clip(activation):
    potential = torch.tensor([-1.0, -0.1, 0.001, 0.3, 0.99, 1.1, 5.0], requires_grad=True)
    activation(potential).backward(torch.arange(1.0, 8.0))
    assert potential.grad.tolist() == [0, 0, 3, 4, 5, 0, 0]
