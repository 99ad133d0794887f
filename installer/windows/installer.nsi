; The Windows installer: for one user, without administrator's rights, silent with /S.
;   makensis -DVERSION=1.2.3 -DNUMBERS=1.2.3.0 -DPAYLOAD=dist/llamaswap-desktop -DICON=app.ico -DOUT=setup.exe installer.nsi
; It compiles on Linux too.  Silent: setup.exe /S [/AUTOSTART=1] [/PATH=0] [/START=1] [/D=folder]
;                                     uninstall.exe /S [/FILES=1 also deletes configuration and logs]
Unicode true
Target amd64-unicode
SetCompressor /SOLID lzma
ManifestDPIAware true
ManifestSupportedOS all
RequestExecutionLevel user

!define APP "llama-swap Desktop"
!define ID "llamaswap-desktop"
!define CONSOLE "llamaswap-desktop.exe"
!define TRAY "llamaswap-desktop-tray.exe"
!define MUTEX "Local\llamaswap-desktop-running"
!define RUN_KEY "Software\Microsoft\Windows\CurrentVersion\Run"
!define APPROVED_KEY "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
!define UNINSTALL_KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\${ID}"
!define OWN_KEY "Software\${ID}"
!define WAIT_STEPS 180          ; of 200 ms: models get 30 s to end in order

Name "${APP}"
OutFile "${OUT}"
Icon "${ICON}"
UninstallIcon "${ICON}"
InstallDir "$LOCALAPPDATA\Programs\${ID}"
InstallDirRegKey HKCU "${OWN_KEY}" "InstallDir"
BrandingText "${APP} ${VERSION}"
VIProductVersion "${NUMBERS}"
VIAddVersionKey "ProductName" "${APP}"
VIAddVersionKey "FileDescription" "${APP} installer"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "LegalCopyright" "MIT licence"

!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include WinMessages.nsh

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_FINISHPAGE_RUN "$INSTDIR\${TRAY}"
!define MUI_FINISHPAGE_RUN_TEXT "Start ${APP}"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_COMPONENTS
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_COMPONENTS
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

Var WasRunning

; Sets $R0 to 1 while the tray program holds its mutex, which it does until its models have ended.
!macro IsRunning un
Function ${un}HasTray
  StrCpy $R0 0
  System::Call 'kernel32::OpenMutexW(i 0x100000, i 0, w "${MUTEX}") p .R1'
  ${If} $R1 P<> 0
    System::Call 'kernel32::CloseHandle(p R1)'
    StrCpy $R0 1
  ${EndIf}
FunctionEnd

; The same while one of our executables runs without a tray: Windows lets nobody write into a file that runs.
Function ${un}IsRunning
  Call ${un}HasTray
  StrCpy $R4 "$INSTDIR\${CONSOLE}"
  Call ${un}IsInUse
  StrCpy $R4 "$INSTDIR\${TRAY}"
  Call ${un}IsInUse
FunctionEnd

Function ${un}IsInUse         ; $R4: a file; sets $R0 to 1 if it cannot be written
  ${IfNot} ${FileExists} $R4
    Return
  ${EndIf}
  ClearErrors
  FileOpen $R1 $R4 a
  ${If} ${Errors}
    StrCpy $R0 1
  ${Else}
    FileClose $R1
  ${EndIf}
FunctionEnd
!macroend

; Asks the running program to quit and waits until it has: its models end first.  A program that does not end stops us,
; because files in use cannot be replaced.
!macro EndRunning un
Function ${un}EndRunning
  Call ${un}HasTray
  StrCpy $WasRunning $R0
  Call ${un}IsRunning
  ${If} $R0 = 0
    Return
  ${EndIf}
  DetailPrint "Asking ${APP} to quit"
  ${If} ${FileExists} "$INSTDIR\${CONSOLE}"
    nsExec::ExecToLog /TIMEOUT=40000 '"$INSTDIR\${CONSOLE}" quit'
    Pop $R2
  ${EndIf}
  StrCpy $R3 0
  ${Do}
    Call ${un}IsRunning
    ${If} $R0 = 0
      Return
    ${EndIf}
    Sleep 200
    IntOp $R3 $R3 + 1
  ${LoopUntil} $R3 > ${WAIT_STEPS}
  SetErrorLevel 3
  MessageBox MB_OK|MB_ICONSTOP "${APP} is still running. Quit it from its tray icon or in its console, and try again." /SD IDOK
  Abort
FunctionEnd
!macroend

!insertmacro IsRunning ""
!insertmacro EndRunning ""
!insertmacro IsRunning "un."
!insertmacro EndRunning "un."

; Adds our folder to the user's PATH or takes it out, and tells open programs.  By Windows' own calls, in a buffer:
; NSIS cuts texts at 1024 characters, setx too, and a PATH is often longer.  The buffer holds ";one;two;".
!define HKCU_HANDLE -2147483647
!define BUFFER_BYTES 131072
!macro ChangePath un
Function ${un}ChangePath      ; $R9: "add" or "remove"
  System::Call 'kernel32::GlobalAlloc(i 0x40, p ${BUFFER_BYTES}) p .R4'
  System::Call 'kernel32::lstrcpyW(p R4, w ";")'
  IntPtrOp $R5 $R4 + 2
  System::Call 'advapi32::RegGetValueW(p ${HKCU_HANDLE}, w "Environment", w "Path", i 0x10000006, p 0, p R5, *i 130000) i .R6'
  ${If} $R6 = 0
    System::Call 'kernel32::lstrcatW(p R4, w ";")'
  ${ElseIf} $R6 <> 2            ; 2: there is none yet
    DetailPrint "PATH could not be read ($R6) and stays as it is"
    System::Call 'kernel32::GlobalFree(p R4)'
    Return
  ${EndIf}
  StrLen $R1 ";$INSTDIR"
  IntOp $R1 $R1 * 2
  ${Do}
    System::Call 'shlwapi::StrStrIW(p R4, w ";$INSTDIR;") p .R7'
    ${If} $R7 P= 0
      ${ExitDo}
    ${EndIf}
    IntPtrOp $R8 $R7 + $R1
    System::Call 'kernel32::lstrlenW(p R8) i .R2'
    IntOp $R2 $R2 + 1
    IntOp $R2 $R2 * 2
    System::Call 'ntdll::RtlMoveMemory(p R7, p R8, p R2)'
  ${Loop}
  ${If} $R9 == "add"
    System::Call 'kernel32::lstrcatW(p R4, w "$INSTDIR;")'
  ${EndIf}
  System::Call 'kernel32::lstrlenW(p R5) i .R2'
  ${If} $R2 > 0
    IntOp $R3 $R2 * 2           ; where the last ";" is, counted from the first one
    IntPtrOp $R3 $R4 + $R3
    System::Call 'ntdll::RtlZeroMemory(p R3, p 2)'
  ${EndIf}
  ${If} $R2 > 1
    IntOp $R2 $R2 * 2
    System::Call 'advapi32::RegSetKeyValueW(p ${HKCU_HANDLE}, w "Environment", w "Path", i 2, p R5, i R2)'
  ${Else}
    DeleteRegValue HKCU "Environment" "Path"
  ${EndIf}
  System::Call 'kernel32::GlobalFree(p R4)'
  SendMessage ${HWND_BROADCAST} ${WM_SETTINGCHANGE} 0 "STR:Environment" /TIMEOUT=2000
FunctionEnd
!macroend
!insertmacro ChangePath ""
!insertmacro ChangePath "un."

Section "!${APP}" SecMain
  SectionIn RO
  Call EndRunning
  RMDir /r "$INSTDIR\_internal"           ; never mix the files of two versions
  SetOutPath "$INSTDIR"
  File /r "${PAYLOAD}/*.*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\${APP}.lnk" "$INSTDIR\${TRAY}" "" "$INSTDIR\${TRAY}" 0
  WriteRegStr HKCU "${OWN_KEY}" "InstallDir" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayName" "${APP}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "Publisher" "${APP}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "DisplayIcon" "$INSTDIR\${TRAY}"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL_KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL_KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  WriteRegDWORD HKCU "${UNINSTALL_KEY}" "EstimatedSize" $0
SectionEnd

Section "Command line: llamaswap-desktop in PATH" SecPath
  StrCpy $R9 "add"
  Call ChangePath
  WriteRegDWORD HKCU "${OWN_KEY}" "IsInPath" 1
SectionEnd

; The same value that the program's own switch writes.  Not ticked; and an upgrade, which leaves the switch to the
; program, hides it.
Section /o "Start when you sign in" SecAutostart
  WriteRegStr HKCU "${RUN_KEY}" "${ID}" '"$INSTDIR\${TRAY}" --autostart'
  DeleteRegValue HKCU "${APPROVED_KEY}" "${ID}"
SectionEnd

; A program that was running before a silent upgrade runs after it, and so does one that was asked for by /START=1.
Section "-start" SecStart
  ${If} ${Silent}
    ${GetParameters} $R0
    ${GetOptions} $R0 "/START=" $R1
    ${If} $R1 == ""
      StrCpy $R1 $WasRunning
    ${EndIf}
    ${If} $R1 == 1
      Exec '"$INSTDIR\${TRAY}" --autostart'
    ${EndIf}
  ${EndIf}
SectionEnd

!insertmacro MUI_FUNCTION_DESCRIPTION_BEGIN
  !insertmacro MUI_DESCRIPTION_TEXT ${SecMain} "The program, with an entry in the start menu."
  !insertmacro MUI_DESCRIPTION_TEXT ${SecPath} "Lets you call llamaswap-desktop in any console."
  !insertmacro MUI_DESCRIPTION_TEXT ${SecAutostart} "You can change your mind in the program's menu."
!insertmacro MUI_FUNCTION_DESCRIPTION_END

Function .onInit
  ReadRegStr $R0 HKCU "${OWN_KEY}" "InstallDir"
  ${If} $R0 != ""
    SectionSetFlags ${SecAutostart} 0
    SectionSetText ${SecAutostart} ""
    ReadRegDWORD $R1 HKCU "${OWN_KEY}" "IsInPath"
    ${If} $R1 != 1                        ; not wanted the first time
      SectionSetFlags ${SecPath} 0
    ${EndIf}
  ${EndIf}
  ${GetParameters} $R0
  ${GetOptions} $R0 "/AUTOSTART=" $R1
  ${If} $R1 == 1
    SectionSetFlags ${SecAutostart} ${SF_SELECTED}
  ${EndIf}
  ${GetOptions} $R0 "/PATH=" $R1
  ${If} $R1 == 0
    SectionSetFlags ${SecPath} 0
  ${EndIf}
FunctionEnd

Section "un.${APP}" UnMain
  SectionIn RO
  Call un.EndRunning
  StrCpy $R9 "remove"
  Call un.ChangePath
  DeleteRegValue HKCU "${RUN_KEY}" "${ID}"
  DeleteRegValue HKCU "${APPROVED_KEY}" "${ID}"
  DeleteRegKey HKCU "${UNINSTALL_KEY}"
  DeleteRegKey HKCU "${OWN_KEY}"
  Delete "$SMPROGRAMS\${APP}.lnk"
  RMDir /r "$INSTDIR\_internal"
  Delete "$INSTDIR\${CONSOLE}"
  Delete "$INSTDIR\${TRAY}"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"                        ; only if empty: a portable copy's data stays
SectionEnd

; Not ticked: configuration, logs and what was remembered.  Models are never touched.
Section /o "un.Configuration and logs" UnFiles
  RMDir /r "$APPDATA\${ID}"
  RMDir /r "$LOCALAPPDATA\${ID}"
SectionEnd

Function un.onInit
  ${GetParameters} $R0
  ${GetOptions} $R0 "/FILES=" $R1
  ${If} $R1 == 1
    SectionSetFlags ${UnFiles} ${SF_SELECTED}
  ${EndIf}
FunctionEnd
