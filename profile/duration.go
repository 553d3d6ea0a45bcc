package profile

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseDuration reads a duration as daypass takes them everywhere: "12h",
// "90m", "1h30m", or bare seconds as the AWS CLI writes them. It refuses signs,
// parts of a second, other units, and what a time.Duration cannot hold.
func ParseDuration(s string) (time.Duration, error) {
	if s != "" && strings.Trim(s, "0123456789") == "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n > math.MaxInt64/int64(time.Second) {
			return 0, fmt.Errorf("duration %q is too long", s)
		}
		return time.Duration(n) * time.Second, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || strings.ContainsAny(s, "+-") || d%time.Second != 0 {
		return 0, fmt.Errorf("%q is not a duration: write 12h, 90m or seconds", s)
	}
	return d, nil
}
