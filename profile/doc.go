// Package profile owns what ~/.aws/config and ~/.aws/credentials say about a
// profile: reading the two files in AWS's dialect, resolving a profile to the
// keys and roles it stands for, and saying where other tools read the files
// otherwise. It does not own credentials themselves, calls to STS, or the
// decision what to ask for.
package profile
