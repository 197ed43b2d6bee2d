"""The order in which the neurons of a layer fire."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration
from ..instruction import FireInstruction
from ..layout import Neuron
from ..pipeline import delayed

__all__ = ["NeuronScanner"]


class NeuronScanner(wiring.Component):
    """Visits local channels; in a channel, pooling windows row by row; in a window, its neurons.

    Neurons that no whole window covers are visited too, in the cut-off windows at the edge, which
    have no ``last``; nor has any if the layer does not write spikes. All lanes visit their neurons
    in step: lanes without a channel at the end sit out. One neuron per cycle, from the cycle after
    ``begin`` on, as fast as they are taken. Reset stops the scan.

    Members
    -------
    begin : ``In(1)``, layer : ``In(FireInstruction(config))``
        Start; ``layer`` holds until the end of the scan.
    neurons : ``Out(stream.Signature(Neuron(config)))``
        ``valid`` from begin to the end of the scan.
    strays : ``Out(1)``
        A neuron is beyond the end of a memory.
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "begin": In(1), "layer": In(FireInstruction(config)),
            "neurons": Out(stream.Signature(Neuron(config))), "strays": Out(1)})

    def elaborate(self, platform):
        m = Module()
        config, layer, neuron = self.config, self.layer, self.neurons.p

        active        = Signal()
        channels_left = Signal.like(layer.channels)
        # One bit more than any address, so that it shows if it leads too far.
        channel       = Signal(len(layer.channel) + 1)
        spike         = Signal(len(layer.spikes) + 1)
        rows_left     = Signal.like(layer.height)
        columns_left  = Signal.like(layer.width)
        dy, dx        = Signal.like(layer.pool), Signal.like(layer.pool)
        address       = Signal(len(neuron.address) + 1)
        line          = Signal.like(address)   # first neuron of this row of the window
        window        = Signal.like(address)   # first neuron of the window
        band          = Signal.like(address)   # first neuron of this row of windows
        plane         = Signal.like(address)   # first neuron of the channel
        new_channel   = Signal()

        at_right, at_bottom, ends_line, ends_window, is_whole = (
            Signal(name=name) for name in (
                "at_right", "at_bottom", "ends_line", "ends_window", "is_whole"))
        m.d.comb += [
            at_right.eq(columns_left == 1), at_bottom.eq(rows_left == 1),
            ends_line.eq(at_right | (dx + 1 == layer.pool)),
            ends_window.eq(ends_line & (at_bottom | (dy + 1 == layer.pool))),
            is_whole.eq((dx + 1 == layer.pool) & (dy + 1 == layer.pool)),
            self.neurons.valid.eq(active),
            neuron.address.eq(address), neuron.new_channel.eq(new_channel),
            neuron.channel.eq(channel), neuron.spike.eq(spike),
            neuron.lanes.eq(Mux(channels_left < config.lanes, channels_left, config.lanes)),
            self.strays.eq(active & (
                (address >= config.potential_depth) | (channel >= config.channel_depth)
                | (neuron.last & (spike >= config.spike_depth)))),
            neuron.first.eq((dx == 0) & (dy == 0)),
            neuron.last.eq(ends_window & is_whole & layer.writes)]

        def times_pool(stride):
            """Return ``stride`` times the side of a pooling window, 1 to 3."""
            return Mux(layer.pool[1], stride << 1, 0) + Mux(layer.pool[0], stride, 0)

        # They hold for a layer: in registers of their own in a deep pipeline.
        column, row = Const(1) << layer.local_bits, layer.row_stride
        next_column, next_window, next_band = (
            delayed(m, distance[:len(address)], config.deep_pipeline)
            for distance in (column, times_pool(column), times_pool(row)))

        def jump(target, *starts):
            """Go on at ``target``, from which the given starts are measured anew."""
            m.d.sync += [address.eq(target), *(start.eq(target) for start in starts)]

        with m.If(active & self.neurons.ready):
            m.d.sync += [new_channel.eq(0), spike.eq(spike + neuron.last)]
            with m.If(~ends_line):
                jump(address + next_column)
                m.d.sync += [columns_left.eq(columns_left - 1), dx.eq(dx + 1)]
            with m.Elif(~ends_window):
                jump(line + layer.row_stride, line)
                m.d.sync += [columns_left.eq(columns_left + dx), dx.eq(0),
                             rows_left.eq(rows_left - 1), dy.eq(dy + 1)]
            with m.Elif(~at_right):
                jump(window + next_window, line, window)
                m.d.sync += [columns_left.eq(columns_left - 1), dx.eq(0),
                             rows_left.eq(rows_left + dy), dy.eq(0)]
            with m.Else():
                m.d.sync += [columns_left.eq(layer.width), dx.eq(0), dy.eq(0)]
                with m.If(~at_bottom):
                    jump(band + next_band, line, window, band)
                    m.d.sync += rows_left.eq(rows_left - 1)
                with m.Else():
                    jump(plane + 1, line, window, band, plane)
                    m.d.sync += [
                        rows_left.eq(layer.height), new_channel.eq(1), channel.eq(channel + 1),
                        channels_left.eq(channels_left - neuron.lanes),
                        active.eq(channels_left != neuron.lanes)]

        with m.If(self.begin):
            jump(0, line, window, band, plane)
            m.d.sync += [
                active.eq(1), channels_left.eq(layer.channels),
                channel.eq(layer.channel), spike.eq(layer.spikes), new_channel.eq(1),
                rows_left.eq(layer.height), columns_left.eq(layer.width), dy.eq(0), dx.eq(0)]
        return m
