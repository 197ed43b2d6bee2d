"""The spiking processor in Amaranth, its compiler, and what every side agrees on."""
