"""Tests of a stack, made from the specification."""
