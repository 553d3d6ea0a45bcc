package mfa

import (
	"strings"
	"testing"
)

func TestPinentriesOfASystem(t *testing.T) {
	const gtk, qt = "pinentry-gnome3 pinentry-gtk-2", "pinentry-qt pinentry-qt6 pinentry-qt5"
	for _, tt := range []struct{ goos, env, want string }{
		{"linux", "", gtk + " " + qt},
		{"linux", "XDG_CURRENT_DESKTOP=ubuntu:GNOME", gtk + " " + qt},
		{"linux", "XDG_CURRENT_DESKTOP=KDE", qt + " " + gtk},
		{"linux", "XDG_CURRENT_DESKTOP=Custom:LXQt", qt + " " + gtk},
		{"linux", "KDE_FULL_SESSION=true", qt + " " + gtk},
		{"darwin", "", "pinentry-mac " + gtk + " " + qt},
	} {
		got := windowPinentries(tt.goos, lookup(tt.env))
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s with %s: %q, want %q", tt.goos, tt.env, got, tt.want)
		}
	}
}

// Lines are within the limit; what does not fit is cut where there is most.
func TestTextOfAQuestion(t *testing.T) {
	short, long := strings.Repeat("s ", 30), strings.Repeat("l ", 600)
	tests := []struct {
		name  string
		lines []string
		want  string
	}{
		{"one", []string{"profile \"dev\" 100%"}, "SETDESC profile \"dev\" 100%25"},
		{"two", []string{"a\\", "_b <b>&amp;"}, "SETDESC a%5C%0A_b <b>&amp;"},
		{"the first is long", []string{long, short}, "…%0A" + short},
		{"the last is long", []string{short, long}, "SETDESC " + short + "%0Al l l"},
		{"all are long", []string{long, long, long, long}, "…%0Al l l"},
		{"escaped and long", []string{strings.Repeat("%", 900), short}, "%25%25…%0A" + short},
		{"just as long as can be", []string{strings.Repeat("x", 71), strings.Repeat("y ", 450)[:899]}, "y y"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := withText("SETDESC ", tt.lines...)
			if len(got) > maxAssuanLine || !strings.Contains(got, tt.want) {
				t.Errorf("%d bytes: %s, want %s", len(got), got, tt.want)
			}
		})
	}
}
