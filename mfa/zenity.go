package mfa

import (
	"fmt"
	"strings"
)

// The exit codes that zenity is told to use: by itself it ends with 1 when it is cancelled and when there is no display
// (zenity_util_return_exit_code in https://gitlab.gnome.org/GNOME/zenity/-/blob/master/src/util.c).
const (
	zenityCancelled = 61
	zenityTimedOut  = 62
	zenityFailed    = 63
)

// zenity asks by GNOME's dialog program, version 3 (GTK 3) or 4 (GTK 4, Adwaita).
func zenity(getenv func(string) string) dialog {
	const program = "zenity"
	return dialog{
		program: program,
		command: func(q question) (args, more []string) {
			args = []string{
				"--entry",
				"--title=" + windowTitle,
				"--text=" + zenityText(windowText(q)),
				fmt.Sprintf("--timeout=%d", stand(q)),
			}
			more = []string{
				"ZENITY_OK=0",
				fmt.Sprintf("ZENITY_CANCEL=%d", zenityCancelled),
				fmt.Sprintf("ZENITY_ESC=%d", zenityCancelled),
				fmt.Sprintf("ZENITY_TIMEOUT=%d", zenityTimedOut),
				fmt.Sprintf("ZENITY_ERROR=%d", zenityFailed),
				// GLib refuses arguments that are not in the locale's encoding, unless it is told another
				// (https://docs.gtk.org/glib/func.get_charset.html).
				"CHARSET=UTF-8",
			}
			if getenv("WAYLAND_DISPLAY") == "" && getenv("GDK_BACKEND") == "" {
				// GTK would try wayland-0 before DISPLAY: with ssh -X to one's own desk, the window would open there.
				more = append(more, "GDK_BACKEND=x11")
			}
			return args, more
		},
		read: func(out []byte, err error) (string, error) {
			err = ended(program, err, map[int]error{zenityCancelled: ErrCancelled, zenityTimedOut: ErrTimedOut})
			if err != nil {
				return "", err
			}
			return strings.TrimRight(string(out), "\n"), nil
		},
	}
}

// zenityText undoes beforehand what zenity does to the text of an entry: it resolves C's backslash escapes, and then
// underlines what follows a single underscore. Neither version reads markup there (zenity_entry in
// https://gitlab.gnome.org/GNOME/zenity/-/blob/master/src/entry.c).
func zenityText(text string) string {
	return strings.NewReplacer(`\`, `\\`, `_`, `__`).Replace(text)
}
