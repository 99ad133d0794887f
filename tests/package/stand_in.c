/* Plays both executables for the installer's tests: holds the mutex until "quit" is said, and writes down its words.
   Build: x86_64-w64-mingw32-gcc -municode -DVERSION=L\"1\" -o llamaswap-desktop.exe stand_in.c */
#include <stdio.h>
#include <wchar.h>
#include <windows.h>

#define QUIT L"Local\\llamaswap-desktop-stand-in-quit"

static void note(const wchar_t *words)
{
    wchar_t place[MAX_PATH + 16];
    GetEnvironmentVariableW(L"STAND_IN_LOG", place, MAX_PATH);
    FILE *log = _wfopen(place, L"a");
    if (log) {
        fwprintf(log, L"%ls\n", words);
        fclose(log);
    }
}

int wmain(int count, wchar_t **words)
{
    if (count > 1 && !wcscmp(words[1], L"quit")) {
        note(L"quit");
        HANDLE quit = OpenEventW(EVENT_MODIFY_STATE, FALSE, QUIT);
        if (!quit)
            return 1;
        SetEvent(quit);
        return 0;
    }
    if (count > 1 && !wcscmp(words[1], L"--version")) {
        wprintf(L"%ls\n", VERSION);
        return 0;
    }
    HANDLE quit = CreateEventW(NULL, TRUE, FALSE, QUIT);
    HANDLE mutex = NULL;
    if (count > 1 && !wcscmp(words[1], L"serve")) { /* in a console, without a tray */
        count--;
        words++;
    } else {
        mutex = CreateMutexW(NULL, FALSE, L"Local\\llamaswap-desktop-running");
    }
    note(L"started " VERSION);
    /* Holding its own file open is what keeps an installer from replacing it. */
    int is_stubborn = count > 1 && !wcscmp(words[1], L"--stubborn");
    if (is_stubborn)
        Sleep(120000);
    WaitForSingleObject(quit, 60000);
    Sleep(count > 1 && !wcscmp(words[1], L"--slow") ? 1500 : 100); /* models end first */
    note(L"ended " VERSION);
    if (mutex)
        CloseHandle(mutex);
    return 0;
}
