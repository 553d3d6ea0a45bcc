package mfa

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// inspect tells what a snapshot of all processes has, which does not include arguments. It has been run under
// Wine, not on Windows.
func inspect(pid int) (process, error) {
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return process{}, err
	}
	defer func() { _ = windows.CloseHandle(snapshot) }()
	entry := windows.ProcessEntry32{Size: uint32(unsafe.Sizeof(windows.ProcessEntry32{}))}
	for err = windows.Process32First(snapshot, &entry); err == nil; err = windows.Process32Next(snapshot, &entry) {
		if int(entry.ProcessID) != pid {
			continue
		}
		p := process{name: windows.UTF16ToString(entry.ExeFile[:]), parent: int(entry.ParentProcessID)}
		if born := began(entry.ProcessID); born != 0 && began(entry.ParentProcessID) > born {
			p.parent = 0 // it has ended, and its id was given to another
		}
		return p, nil
	}
	return process{}, err
}

// began is when a process began, in nanoseconds; zero if that cannot be had, as of other people's processes.
func began(pid uint32) int64 {
	handle, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return 0
	}
	defer func() { _ = windows.CloseHandle(handle) }()
	var creation, exit, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(handle, &creation, &exit, &kernel, &user); err != nil {
		return 0
	}
	return creation.Nanoseconds()
}
