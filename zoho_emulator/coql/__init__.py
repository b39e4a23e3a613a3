"""COQL, Zoho's query language: queries checked as Zoho checks them and compiled to sqlite."""

from zoho_emulator.coql.compile import Compiled, compile_query
from zoho_emulator.coql.outputs import Output

__all__ = ["Compiled", "Output", "compile_query"]
