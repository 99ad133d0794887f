"""The newest sample in Prometheus's text format (HTTP specification, section 24): one pure function."""

from collections.abc import Callable, Iterable, Mapping

from llamaswap_desktop.monitor.sample import MIB, GpuSample, Sample, SystemSample

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_Value = tuple[Mapping[str, str], float]


def prometheus_text(sample: Sample | None) -> str:
    """Return the metrics of ``sample``, or an empty text before there is one."""
    if sample is None:
        return ""
    return "".join([*_system(sample.system), *_gpus(sample.gpus)])


def _system(system: SystemSample) -> Iterable[str]:
    yield _family(
        "cpu_util_percent",
        "CPU use of each core in percent",
        [({"core": str(core)}, share) for core, share in enumerate(system.cpu_util_per_core)],
    )
    for name, text, mebibytes in (
        ("memory_total_bytes", "Memory of the system", system.mem_total_mb),
        ("memory_used_bytes", "Memory in use", system.mem_used_mb),
        ("memory_free_bytes", "Memory not in use for anything", system.mem_free_mb),
        ("swap_total_bytes", "Swap space of the system", system.swap_total_mb),
        ("swap_used_bytes", "Swap space in use", system.swap_used_mb),
    ):
        yield _family(name, text, [({}, mebibytes * MIB)])
    yield _family(
        "load_average",
        "Load average of the system",
        [
            ({"interval": "1m"}, system.load_avg_1),
            ({"interval": "5m"}, system.load_avg_5),
            ({"interval": "15m"}, system.load_avg_15),
        ],
    )
    yield _family(
        "network_bytes_total",
        "Bytes received and sent on each interface",
        [
            ({"interface": card.name, "direction": direction}, count)
            for card in system.net_io
            for direction, count in (("recv", card.bytes_recv), ("sent", card.bytes_sent))
        ],
        kind="counter",
    )


def _gpus(gpus: Iterable[GpuSample]) -> Iterable[str]:
    by_id = sorted(gpus, key=lambda gpu: gpu.id)
    families: tuple[tuple[str, str, Callable[[GpuSample], float]], ...] = (
        ("gpu_temperature_celsius", "Temperature of the GPU", lambda gpu: gpu.temp_c),
        ("gpu_vram_temperature_celsius", "Temperature of the GPU's memory", lambda gpu: gpu.vram_temp_c),
        ("gpu_util_percent", "Use of the GPU in percent", lambda gpu: gpu.gpu_util_pct),
        ("gpu_memory_util_percent", "Share of the GPU's memory in use", lambda gpu: gpu.mem_util_pct),
        ("gpu_memory_used_bytes", "GPU memory in use", lambda gpu: gpu.mem_used_mb * MIB),
        ("gpu_memory_total_bytes", "Memory of the GPU", lambda gpu: gpu.mem_total_mb * MIB),
        ("gpu_fan_speed_percent", "Speed of the fan in percent", lambda gpu: gpu.fan_speed_pct),
        ("gpu_power_draw_watts", "Power that the GPU draws", lambda gpu: gpu.power_draw_w),
    )
    for name, text, value_of in families:
        yield _family(name, text, [(_labels(gpu), value_of(gpu)) for gpu in by_id])


def _labels(gpu: GpuSample) -> Mapping[str, str]:
    labels = {"id": str(gpu.id), "name": gpu.name}
    return {**labels, "uuid": gpu.uuid} if gpu.uuid else labels


def _family(name: str, text: str, values: Iterable[_Value], *, kind: str = "gauge") -> str:
    lines = [f"llamaswap_{name}{_braced(labels)} {_number(value)}\n" for labels, value in values]
    if not lines:
        return ""
    return "".join([f"# HELP llamaswap_{name} {text}\n# TYPE llamaswap_{name} {kind}\n", *lines])


def _braced(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
