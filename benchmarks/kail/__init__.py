"""The tables of Kail, Zaytsev and Burnaev 2020 under one protocol without leaks."""
