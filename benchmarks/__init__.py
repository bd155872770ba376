"""Figures of DESIGN section 7, measured: counts are asserted elsewhere, times are printed here."""
