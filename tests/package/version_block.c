/* Says what Windows finds in the version block of an executable: first the number, then each string that is asked for.
   Build: x86_64-w64-mingw32-gcc -municode -o version_block.exe version_block.c -lversion */
#include <stdio.h>
#include <wchar.h>
#include <windows.h>

int wmain(int count, wchar_t **words)
{
    static char block[65536];
    VS_FIXEDFILEINFO *fixed;
    struct { WORD language, codepage; } *translation;
    UINT length;
    if (!GetFileVersionInfoW(words[1], 0, sizeof block, block) || !VerQueryValueW(block, L"\\", (void **)&fixed, &length))
        return 1;
    wprintf(L"%d.%d.%d.%d\n", HIWORD(fixed->dwFileVersionMS), LOWORD(fixed->dwFileVersionMS),
            HIWORD(fixed->dwFileVersionLS), LOWORD(fixed->dwFileVersionLS));
    if (!VerQueryValueW(block, L"\\VarFileInfo\\Translation", (void **)&translation, &length))
        return 2;
    for (int number = 2; number < count; number++) {
        wchar_t place[200], *value;
        swprintf(place, 200, L"\\StringFileInfo\\%04x%04x\\%ls", translation->language, translation->codepage, words[number]);
        if (!VerQueryValueW(block, place, (void **)&value, &length))
            return 3;
        wprintf(L"%ls\n", value);
    }
    return 0;
}
