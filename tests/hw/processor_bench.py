"""A whole processor in Amaranth's simulator: its network, its load stream, its readout."""

from collections import deque
from dataclasses import replace

from amaranth.hdl import ResetInserter, Signal

from hw.compiler import compile_network
from hw.counters import COUNTERS
from hw.layout import Fault
from hw.processor import Processor
from tests import oracle
from tests.hw.configurations import SMALL
from tests.hw.streams import never, receive, simulate
from tests.networks import random_images

__all__ = ["CONFIG", "Bench", "NetworkBench", "beats_of"]

CONFIG = replace(SMALL, potential_depth=64, spike_depth=64, pixel_depth=64, weight_depth=512,
                 weight_buffer_depth=32, instruction_depth=64, stream_bits=128)
LIMIT = 30_000


def beats_of(words) -> list[int]:
    """Return the beats of a load stream, uint32 [n, limbs], as numbers."""
    return [sum(int(limb) << 32 * index for index, limb in enumerate(beat)) for beat in words]


class Bench:
    """A processor whose load stream takes what is put into ``queue``, in the background."""

    def __init__(self, config=CONFIG):
        self.config, self.reset, self.dut = config, Signal(), None
        self.queue, self.pauses = deque(), never

    def run(self, drive):
        """Run ``drive(ctx)`` on a new processor, ``dut``."""
        self.dut = ResetInserter(self.reset)(Processor(self.config))

        async def feed(ctx):
            offers = False
            while True:
                offers = bool(self.queue) and (offers or not self.pauses())
                ctx.set(self.dut.load.valid, offers)
                if offers:
                    ctx.set(self.dut.load.payload, self.queue[0])
                *_, ready = await ctx.tick().sample(self.dut.load.ready)
                if offers and ready:
                    if self.queue:
                        self.queue.popleft()
                    offers = False

        feed.is_background = True
        simulate(self.dut, drive, feed, limit=LIMIT)

    async def load(self, ctx, words):
        """Load packets, and wait until they are in."""
        self.queue.extend(beats_of(words))
        while self.queue:
            await ctx.tick()
        await ctx.tick().repeat(2)

    async def hit_reset(self, ctx):
        """Reset; what was on its way to the load stream is gone."""
        self.queue.clear()
        ctx.set(self.reset, 1)
        await ctx.tick().repeat(2)
        ctx.set(self.reset, 0)

    async def start(self, ctx):
        while not ctx.get(self.dut.status.ready):
            assert ctx.get(self.dut.status.fault) == Fault.NONE
            await ctx.tick()
        ctx.set(self.dut.start, 1)
        await ctx.tick()
        ctx.set(self.dut.start, 0)


class NetworkBench(Bench):
    """A processor, a network that it runs, and images with their scores."""

    def __init__(self, network, config=CONFIG, images: int = 2):
        super().__init__(config)
        self.use(network, images)

    def use(self, network, images: int = 2):
        """Go on with another network."""
        self.network, self.program = network, compile_network(network, self.config)
        self.images = random_images(1, network, images)
        self.scores = [oracle.infer(network, image.tolist())[0] for image in self.images]

    async def load_program(self, ctx):
        await self.load(ctx, self.program.load_words)

    async def load_image(self, ctx, index: int):
        await self.load(ctx, self.program.image_words(self.images[index]))

    async def infer(self, ctx, *, pauses=never) -> tuple[list[int], list[dict[str, int]]]:
        """Run the image that is loaded; return the scores, and the counts of each layer."""
        self.queue.extend(beats_of(self.program.streamed_words))
        found = await self.infer_offered(ctx, pauses=pauses)
        assert not self.queue
        return found

    async def infer_offered(self, ctx, *, pauses=never):
        """Do as :meth:`infer`, with streamed weights that have been offered before."""
        await self.start(ctx)
        classes = self.program.classes
        totals = len(self.program.layers) * len(COUNTERS) if self.config.counters else 0
        words = await receive(ctx, self.dut.readout, classes + totals, pauses=pauses)
        assert [word["last"] for word in words] == [0] * (len(words) - 1) + [1]
        values = [word["word"] for word in words]
        scores = [value - (value >> 31 << 32) for value in values[:classes]]
        rows = [values[first:first + len(COUNTERS)]
                for first in range(classes, len(values), len(COUNTERS))]
        return scores, [dict(zip(COUNTERS, row, strict=True)) for row in rows]
