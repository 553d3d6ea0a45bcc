package state

import (
	"io/fs"
	"os"
)

// trust trusts everything: what lies below %LocalAppData% is kept private by
// the access list that it inherits, which file modes do not show.
func trust(string, fs.FileInfo) error { return nil }

// give does nothing: a new file gets the access list of its folder.
func give(*os.File, fs.FileInfo) error { return nil }
