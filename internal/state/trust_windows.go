package state

import "io/fs"

// trust trusts everything: what lies below %LocalAppData% is kept private by
// the access list that it inherits, which file modes do not show.
func trust(string, fs.FileInfo) error { return nil }
