package mfa

// maxShells is how many shells Caller looks past.
const maxShells = 4

// Caller returns the name of the program that called this one, not counting the shells in between that SDKs start
// (sh -c). It is empty if it cannot be found out, as on every system but Linux. It comes from outside: see
// tty.Visible.
func Caller() string { return callerName() }
