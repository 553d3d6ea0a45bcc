package tty

// ignoredSignals is not known without cgo; none of them is ignored in what a shell starts.
func ignoredSignals() uint64 { return 0 }
