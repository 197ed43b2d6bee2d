"""From the float weights of any module to logarithmic codes, layer by layer."""
