"""A Liberty file of a few cells, with figures that are easy to calculate with.

At 2 V, ½·V² is 2: a net with C pF takes 2·C pJ for each change.
"""

import re

__all__ = ["LIBRARY"]

WITHOUT_TIMING = r"""
library (few) {
  /* pJ follow from pF and V */
  capacitive_load_unit (1, pf);
  voltage_unit : "1V"; leakage_power_unit : "1nW"; nom_voltage : 2.0;
  power_lut_template (load) {
    variable_1 : input_transition_time; variable_2 : total_output_net_capacitance;
    index_1 ("1, 2"); index_2 ("1, 2");
  }
  time_unit : "1ns";
  lu_table_template (delay) {
    variable_1 : input_net_transition; variable_2 : total_output_net_capacitance;
    index_1 ("0.0, 1.0"); index_2 ("0.0, 1.0");
  }
  cell (inv) {
    area : 1; cell_leakage_power : 10;
    pin (A) { direction : input; capacitance : 0.25; }
    pin (Y) { direction : output; function : "!A";
      internal_power () { related_pin : "A";
        rise_power (load) { index_1 ("0.0, 1.0"); index_2 ("0.0, 1.0");
          values ("0.0, 1.0", \
                  "2.0, 3.0"); }
        fall_power (load) { index_1 ("0.0, 1.0"); index_2 ("0.0, 1.0");
          values ("0.5, 1.5", "2.5, 3.5"); } } }
  }
  cell (nand2) {
    area : 2;
    leakage_power () { when : "A"; value : 10; }
    leakage_power () { when : "!A"; value : 30; }
    pin (A) { direction : input; capacitance : 0.5; }
    pin (B) { direction : input; capacitance : 0.75; }
    pin (Y) { direction : output; function : "(A B)'";
      internal_power () { related_pin : "A"; power (scalar) { values ("0.25"); } }
      internal_power () { related_pin : "B"; power (scalar) { values ("0.75"); } } }
  }
  cell (buf) {
    area : 2;
    pin (A) { direction : input; capacitance : 0.25; }
    pin (Y) { direction : output; function : "A"; }
  }
  cell (dff) {
    area : 8;
    ff (IQ, IQN) { clocked_on : "CLK"; next_state : "D"; }
    pin (CLK) { direction : input; clock : true; capacitance : 1.0;
      internal_power () { rise_power (scalar) { values ("0.5"); }
                          fall_power (scalar) { values ("1.5"); } } }
    pin (D) { direction : input; capacitance : 0.125;
      internal_power () { power (scalar) { values ("0.0625"); } } }
    pin (Q) { direction : output; function : "IQ"; }
  }
  cell (dffe) {
    area : 10;
    ff (IQ, IQN) { clocked_on : "CLK"; next_state : "(E*D) + (IQ*!E)"; }
    pin (CLK) { direction : input; clock : true; capacitance : 1.5; }
    pin (D) { direction : input; capacitance : 0.125; }
    pin (E) { direction : input; capacitance : 0.25; }
    pin (Q) { direction : output; function : "IQ"; }
    pin (QN) { direction : output; function : "IQN"; }
  }
}
"""

# ABC maps to nothing that has no delays.
DELAY = "".join(f"{kind} (delay) {{ index_1 (\"0.0, 1.0\"); index_2 (\"0.0, 1.0\"); "
                'values ("0.1, 0.2", "0.1, 0.2"); } ' for kind in (
                    "cell_rise", "cell_fall", "rise_transition", "fall_transition"))


def _with_timing(cell: re.Match) -> str:
    """Return a cell whose outputs depend on each of its inputs."""
    pins = re.findall(r"pin \((\w+)\) \{ direction : input", cell[0])
    timing = "".join(f'timing () {{ related_pin : "{pin}"; {DELAY}}} ' for pin in pins)
    return re.sub(r'function : "[^"]*";', lambda match: f"{match[0]} {timing}", cell[0])


LIBRARY = re.sub(r"  cell \((?:inv|nand2|buf)\).*?\n  }\n", _with_timing, WITHOUT_TIMING,
                 flags=re.DOTALL)
