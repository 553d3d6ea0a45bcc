//go:build unix

package main

import (
	"debug/elf"
	"fmt"
	"os"
)

// maxSize is that of the binary in bytes. It is there to notice a library that
// costs megabytes, as some do for the command line alone; a command that is worth
// its bytes may raise it.
const maxSize = 12_500_000

// size weighs the binary.
func (w *world) size() row {
	info, err := os.Stat(w.daypass)
	w.must(err)
	least, err := os.Stat(w.floor)
	w.must(err)
	return row{
		what:     "size of the binary",
		measured: fmt.Sprintf("%.2f MB (floor %.2f)", float64(info.Size())/1e6, float64(least.Size())/1e6),
		bound:    fmt.Sprintf("<= %.1f MB", maxSize/1e6),
		ok:       info.Size() <= maxSize,
	}
}

// static looks whether the binary wants a dynamic linker or libraries.
func (w *world) static() row {
	file, err := elf.Open(w.daypass)
	w.must(err)
	defer file.Close()
	libraries, err := file.ImportedLibraries()
	w.must(err)
	interpreters := 0
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			interpreters++
		}
	}
	return row{
		what:     "dynamic linkers and libraries it needs",
		measured: fmt.Sprintf("%d, %d", interpreters, len(libraries)),
		bound:    "0, 0",
		ok:       interpreters+len(libraries) == 0,
	}
}
