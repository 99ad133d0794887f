"""Windows's graphics kernel and performance counters, played by objects with the same functions."""

import ctypes

NOT_HERE = -1073741811  # STATUS_INVALID_PARAMETER
MORE_DATA = -2147481646  # PDH_MORE_DATA, as a C int
GIB = 1 << 30

RTX = "luid_0x00000000_0x0000c5a4"
UHD = "luid_0x00000000_0x0000d001"


def _adapter(luid, kind, name, *, bus, dedicated):
    return {"luid": luid, "type": kind, "name": name, "bus": bus, "memory": (dedicated, 0, 16 * GIB)}


class FakeGdi:
    """Three adapters: a card, a chip in the processor, and Microsoft's software renderer."""

    def __init__(self, *, sensors=True):
        self.sensors = sensors
        self.closed: list[int] = []
        self.adapters = {
            1: _adapter(0xC5A4, 0b10011, "NVIDIA GeForce RTX 4090", bus=1, dedicated=24 * GIB),
            2: _adapter(0xD001, 0b100011, "Intel(R) UHD Graphics 770", bus=0, dedicated=GIB // 8),
            3: _adapter(0xE002, 0b101, "Microsoft Basic Render Driver", bus=0, dedicated=0),
        }

    def D3DKMTEnumAdapters2(self, listed):
        assert ctypes.sizeof(listed._obj) == 16
        if not listed._obj.adapters:
            listed._obj.count = 34  # Windows says how many there may be, and then how many there are
            return 0
        for slot, (handle, facts) in enumerate(self.adapters.items()):
            assert ctypes.sizeof(listed._obj.adapters[slot]) == 20
            listed._obj.adapters[slot].handle = handle
            listed._obj.adapters[slot].luid.low = facts["luid"]
        listed._obj.count = len(self.adapters)
        return 0

    def D3DKMTQueryAdapterInfo(self, query):
        assert ctypes.sizeof(query._obj) == 24
        facts, kind = self.adapters[query._obj.handle], query._obj.type
        sizes = {3: 24, 6: 12, 8: 4 * 260 * ctypes.sizeof(ctypes.c_wchar), 15: 4, 18: 8, 62: 64, 63: 40}
        if kind not in sizes or sizes[kind] != query._obj.size:
            return NOT_HERE
        if kind in {62, 63} and not self.sensors:
            return NOT_HERE
        words = ctypes.cast(query._obj.data, ctypes.POINTER(ctypes.c_uint32))
        longs = ctypes.cast(query._obj.data, ctypes.POINTER(ctypes.c_uint64))
        if kind == 3:
            longs[0], longs[1], longs[2] = facts["memory"]
        elif kind == 6:
            words[0], words[1], words[2] = facts["bus"], 0, 0
        elif kind == 8:
            text = ctypes.create_unicode_buffer(facts["name"])
            ctypes.memmove(query._obj.data, text, ctypes.sizeof(text))
        elif kind == 15:
            words[0] = facts["type"]
        elif kind == 18:
            longs[0] = (32 << 48) | (0 << 32) | (15 << 16) | 7652
        elif kind == 62:
            words[12], words[13], words[14] = 1500, 3105, 614
        elif kind == 63:
            words[6] = 3000
        return 0

    def D3DKMTCloseAdapter(self, close):
        self.closed.append(close._obj.handle)
        return 0


class FakePdh:
    """Answers with ``values``: path → list of (instance, value).  Paths that are not in it do not exist."""

    def __init__(self, values):
        self.values = values
        self.paths: list[str] = []
        self.is_open = False
        self._kept = []

    def PdhOpenQueryW(self, source, user, query):
        self.is_open = True
        query._obj.value = 77
        return 0

    def PdhAddEnglishCounterW(self, query, path, user, counter):
        if path.value not in self.values:
            return -1073738824
        self.paths.append(path.value)
        counter._obj.value = len(self.paths)
        return 0

    def PdhCollectQueryData(self, query):
        return 0

    def PdhGetFormattedCounterArrayW(self, counter, form, size, count, buffer):
        assert form.value == 0x8200
        items = self.values[self.paths[counter.value - 1]]
        count._obj.value = len(items)
        needed = 24 * len(items)
        if size._obj.value < needed:
            size._obj.value = needed
            return MORE_DATA
        for slot, (name, value) in enumerate(items):
            text = ctypes.create_unicode_buffer(name)
            self._kept.append(text)
            ctypes.c_void_p.from_buffer(buffer, 24 * slot).value = ctypes.addressof(text)
            ctypes.c_uint32.from_buffer(buffer, 24 * slot + 8).value = 0 if value is not None else 0xC0000BC6
            ctypes.c_double.from_buffer(buffer, 24 * slot + 16).value = value or 0.0
        return 0

    def PdhCloseQuery(self, query):
        self.is_open = False
        return 0


RECORDED = {
    r"\GPU Engine(*)\Utilization Percentage": [
        ("pid_4711_luid_0x00000000_0x0000C5A4_phys_0_eng_0_engtype_3D", 60.5),
        ("pid_4711_luid_0x00000000_0x0000C5A4_phys_0_eng_5_engtype_Compute_0", 55.0),
        ("pid_1204_luid_0x00000000_0x0000D001_phys_0_eng_0_engtype_3D", 4.25),
        ("pid_1204_luid_0x00000000_0x0000D001_phys_0_eng_1_engtype_VideoDecode", None),
    ],
    r"\GPU Adapter Memory(*)\Dedicated Usage": [
        ("luid_0x00000000_0x0000C5A4_phys_0", 6.0 * GIB),
        ("luid_0x00000000_0x0000D001_phys_0", 0.0),
    ],
    r"\GPU Adapter Memory(*)\Shared Usage": [
        ("luid_0x00000000_0x0000C5A4_phys_0", 0.25 * GIB),
        ("luid_0x00000000_0x0000D001_phys_0", 1.5 * GIB),
    ],
    r"\GPU Process Memory(*)\Dedicated Usage": [
        ("pid_4711_luid_0x00000000_0x0000C5A4_phys_0", 5.5 * GIB),
        ("pid_1204_luid_0x00000000_0x0000C5A4_phys_0", 0.5 * GIB),
    ],
    r"\GPU Process Memory(*)\Shared Usage": [
        ("pid_4711_luid_0x00000000_0x0000C5A4_phys_0", 0.25 * GIB),
        ("pid_1204_luid_0x00000000_0x0000D001_phys_0", 1.0 * GIB),
    ],
}
