"""Energy: counts of the hardware times constants of a table, nothing else."""

from .account import CATEGORIES, Item, account, check_table, dram_sensitivity, energy_uj
from .table import Entry, Table, TableError, load_table

__all__ = ["CATEGORIES", "Entry", "Item", "Table", "TableError", "account", "check_table",
           "dram_sensitivity", "energy_uj", "load_table"]
