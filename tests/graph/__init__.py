"""Tests of the plan and of the laws."""
