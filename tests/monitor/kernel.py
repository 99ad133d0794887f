"""Writes the kernel's files as recorded on real machines, into a folder that stands for ``/``."""

from pathlib import Path


def write(root: Path, files: dict[str, object]) -> None:
    """Write each file; a value that is no text gets a line end, as the kernel gives it."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else f"{content}\n", encoding="utf-8")


def write_card(root: Path, number: int, *, driver: str, pci_id: str, slot: str, files: dict[str, object]) -> None:
    """Write one card with its uevent and its driver's files."""
    uevent = f"DRIVER={driver}\nPCI_CLASS=30000\nPCI_ID={pci_id}\nPCI_SUBSYS_ID=1DA2:E471\nPCI_SLOT_NAME={slot}\n"
    write(root, {f"class/drm/card{number}/device/{name}": content for name, content in files.items()})
    write(root, {f"class/drm/card{number}/device/uevent": uevent})


def write_process(root: Path, pid: int, fdinfo: dict[int, str], target: str = "/dev/dri/renderD128") -> None:
    """Write one process that has these files open."""
    write(root, {f"{pid}/fdinfo/{number}": text for number, text in fdinfo.items()})
    for number in fdinfo:
        (root / f"{pid}/fd").mkdir(exist_ok=True)
        (root / f"{pid}/fd/{number}").symlink_to(target)


RX_7900_XTX: dict[str, object] = {
    "mem_info_vram_total": 25753026560,
    "mem_info_vram_used": 1717986918,
    "mem_info_vram_vendor": "samsung\n",
    "mem_info_gtt_total": 33285996544,
    "mem_info_gtt_used": 108163072,
    "gpu_busy_percent": 3,
    "unique_id": "9f9d1a0b1c2d3e4f\n",
    "product_name": "\n",
    "hwmon/hwmon4/temp1_input": 53000,
    "hwmon/hwmon4/temp1_label": "edge\n",
    "hwmon/hwmon4/temp2_input": 61000,
    "hwmon/hwmon4/temp2_label": "junction\n",
    "hwmon/hwmon4/temp3_input": 68000,
    "hwmon/hwmon4/temp3_label": "mem\n",
    "hwmon/hwmon4/power1_average": 68000000,
    "hwmon/hwmon4/power1_cap": 290000000,
    "hwmon/hwmon4/pwm1": 51,
    "hwmon/hwmon4/pwm1_max": 255,
}

RADEON_780M: dict[str, object] = {
    "mem_info_vram_total": 536870912,
    "mem_info_vram_used": 412868608,
    "mem_info_gtt_total": 16106127360,
    "mem_info_gtt_used": 1073741824,
    "gpu_busy_percent": 19,
    "hwmon/hwmon2/temp1_input": 31000,
    "hwmon/hwmon2/temp1_label": "edge\n",
    "hwmon/hwmon2/power1_input": 7222000,
}

ARC_B580: dict[str, object] = {
    "tile0/physical_vram_size_bytes": 12884901888,
    "hwmon/hwmon3/energy1_input": 1000000000,
    "hwmon/hwmon3/temp2_input": 45000,
    "hwmon/hwmon3/temp2_label": "pkg\n",
    "hwmon/hwmon3/temp3_input": 52000,
    "hwmon/hwmon3/temp3_label": "vram\n",
    "hwmon/hwmon3/power1_max": 190000000,
}

ARC_A380_WINDOWS = (
    "0x00000000b0000000 0x00000000b0ffffff 0x0000000000140204\n"
    "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
    "0x0000004000000000 0x000000417fffffff 0x000000000014220c\n"
)

AMD_FDINFO = """\
pos:\t0
flags:\t02100002
mnt_id:\t26
ino:\t1033
pasid:\t32791
drm-driver:\tamdgpu
drm-client-id:\t219
drm-pdev:\t0000:03:00.0
drm-total-vram:\t4311024 KiB
drm-shared-vram:\t0
drm-resident-vram:\t4194304 KiB
drm-total-gtt:\t20 MiB
drm-resident-gtt:\t20 MiB
drm-memory-vram:\t4311024 KiB
drm-memory-gtt: \t20480 KiB
drm-memory-cpu: \t0 KiB
amd-memory-visible-vram:\t4311024 KiB
drm-engine-gfx:\t1000000000 ns
drm-engine-compute:\t500000000 ns
"""

AMD_OLD_FDINFO = """\
drm-driver:\tamdgpu
drm-pdev:\t0000:03:00.0
drm-client-id:\t7
drm-memory-vram:\t2048 KiB
drm-memory-gtt: \t64 KiB
"""


def xe_fdinfo(cycles: int, total: int, *, client: int = 42, vram: int = 33554432) -> str:
    """Return what the xe driver prints."""
    return (
        f"pos:\t0\nflags:\t02100002\nmnt_id:\t508\nino:\t975\ndrm-driver:\txe\ndrm-client-id:\t{client}\n"
        f"drm-pdev:\t0000:03:00.0\ndrm-total-system:\t1048576\ndrm-resident-system:\t524288\n"
        f"drm-total-vram0:\t67108864\ndrm-resident-vram0:\t{vram}\n"
        f"drm-cycles-ccs:\t{cycles}\ndrm-total-cycles-ccs:\t{total}\ndrm-engine-capacity-ccs:\t4\n"
        f"drm-cycles-vcs:\t0\ndrm-total-cycles-vcs:\t{total}\n"
    )


PCI_IDS = """\
# pci.ids
1001  Kolter Electronic
1002  Advanced Micro Devices, Inc. [AMD/ATI]
\t15bf  Phoenix1
\t744c  Navi 31 [Radeon RX 7900 XT/7900 XTX/7900 GRE/7900M]
\t\t1da2 e471  NITRO+ RX 7900 XTX Vapor-X
8086  Intel Corporation
\te20b  Battlemage G21 [Arc B580]
"""
