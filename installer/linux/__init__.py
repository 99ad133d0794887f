"""Linux: packages, a tarball with its installer, and what desktops and shells want beside the program."""
