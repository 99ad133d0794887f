"""Makes native executables and installers; no part of the program."""
