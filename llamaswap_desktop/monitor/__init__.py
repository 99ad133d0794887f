"""Samples CPU, memory and GPUs without ever stopping the show."""
