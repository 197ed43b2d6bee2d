"""Energy: counts of the hardware times constants of a table, nothing else."""

from .account import (
    CATEGORIES,
    COMPONENTS,
    check_table,
    components_uj,
    dram_sensitivity,
    energy_rows,
    energy_uj,
)
from .area import area_mm2
from .loading import load_table
from .table import Table, TableError

__all__ = ["CATEGORIES", "COMPONENTS", "Table", "TableError", "area_mm2", "check_table",
           "components_uj", "dram_sensitivity", "energy_rows", "energy_uj", "load_table"]
