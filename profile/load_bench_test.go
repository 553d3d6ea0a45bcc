package profile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// largeConfig has n profiles in chains of three, about 230 bytes each.
func largeConfig(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "[profile p%05d]\nregion = eu-west-1\noutput = json\n", i)
		if i%3 == 0 {
			fmt.Fprintf(&b, "aws_access_key_id = AKIAEXAMPLE%05d\naws_secret_access_key = %s\n"+
				"mfa_serial = arn:aws:iam::123456789012:mfa/person%05d\n# used by the %d profiles below it, do not remove\n\n", i, strings.Repeat("s", 40), i, 2)
			continue
		}
		fmt.Fprintf(&b, "role_arn = arn:aws:iam::123456789012:role/team/Developer%05d\nsource_profile = p%05d\n"+
			"duration_seconds = 3600\nrole_session_name = person%05d\n# granted by the platform team\n\n", i, i-1, i)
	}
	return b.String()
}

// BenchmarkLoad reads one profile of a chain of three.
func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprintf("%d_profiles", n), func(b *testing.B) {
			dir := b.TempDir()
			files := Files{Config: filepath.Join(dir, "config"), Credentials: filepath.Join(dir, "credentials")}
			text := largeConfig(n)
			if err := os.WriteFile(files.Config, []byte(text), 0o600); err != nil {
				b.Fatal(err)
			}
			name := fmt.Sprintf("p%05d", n/2/3*3+2)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				p, err := Load(files, name, "")
				if err != nil || len(p.Roles) != 2 || p.Base.Kind != ConfigFile {
					b.Fatalf("%v %v", p, err)
				}
			}
		})
	}
}
