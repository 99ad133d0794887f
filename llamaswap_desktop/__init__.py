"""llama-swap Desktop: one local address for many model servers, swapped on demand, from the tray."""

__version__ = "0.1.0"
