package mfa

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// ownGroup keeps Ctrl-C from the child, as a process group does elsewhere, and makes a job of it and what it starts, killed
// whole when its context ends: `cmd /c` would die alone. Where that cannot be, within a job with limits for windows, only the
// child is killed (https://learn.microsoft.com/windows/win32/procthread/nested-jobs).
func ownGroup(cmd *exec.Cmd) (start func() error) {
	// It is suspended until it is in the job: what it started earlier would not be.
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.CREATE_SUSPENDED}
	job := newJob()
	runtime.AddCleanup(cmd, func(job windows.Handle) { _ = windows.CloseHandle(job) }, job)
	cmd.Cancel = func() error {
		err := cmd.Process.Kill()
		_ = windows.TerminateJobObject(job, 1)
		return err
	}
	return func() error {
		if err := cmd.Start(); err != nil {
			return err
		}
		_ = cmd.Process.WithHandle(func(child uintptr) { _ = windows.AssignProcessToJobObject(job, windows.Handle(child)) })
		err := resume(uint32(cmd.Process.Pid))
		if err != nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		return err
	}
}

// newJob makes a job, 0 if there can be none. What is left in it when all went well lives on. An agent may leave it, as it may
// leave a process group: without that limit, which is a right, Windows would not start one that tries
// (https://learn.microsoft.com/windows/win32/procthread/process-creation-flags).
func newJob() windows.Handle {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return 0
	}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{LimitFlags: windows.JOB_OBJECT_LIMIT_BREAKAWAY_OK},
	}
	_, _ = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	return job
}

// resume lets a process run that was started suspended. os/exec does not keep its thread: that is looked up
// (https://learn.microsoft.com/windows/win32/toolhelp/traversing-the-thread-list).
func resume(process uint32) error {
	threads, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPTHREAD, 0)
	if err != nil {
		return os.NewSyscallError("CreateToolhelp32Snapshot", err)
	}
	defer windows.CloseHandle(threads)
	entry := windows.ThreadEntry32{Size: uint32(unsafe.Sizeof(windows.ThreadEntry32{}))}
	for err = windows.Thread32First(threads, &entry); err == nil; err = windows.Thread32Next(threads, &entry) {
		if entry.OwnerProcessID == process {
			return resumeThread(entry.ThreadID)
		}
	}
	return os.NewSyscallError("Thread32Next", err)
}

func resumeThread(id uint32) error {
	thread, err := windows.OpenThread(windows.THREAD_SUSPEND_RESUME, false, id)
	if err != nil {
		return os.NewSyscallError("OpenThread", err)
	}
	defer windows.CloseHandle(thread)
	_, err = windows.ResumeThread(thread)
	return os.NewSyscallError("ResumeThread", err)
}

// withoutConsole keeps a console window from flashing up when this process has none, as below an IDE. To hide it instead
// would hide the program's first own window too (https://learn.microsoft.com/windows/win32/procthread/process-creation-flags).
func withoutConsole(attr *syscall.SysProcAttr) { attr.CreationFlags |= windows.CREATE_NO_WINDOW }

// oneCommand is not known: no two processes count as one command.
func oneCommand() int { return 0 }
