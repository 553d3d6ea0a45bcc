// Policy says whether a policy of AWS's language, read from standard input,
// allows an action: policy ACTION BUCKET OBJECT. Exit code 0 is yes, 1 no, 2 that
// it cannot be said. It owns no rule of that language, which is MinIO's library's,
// and knows nothing of daypass.
package main

import (
	"fmt"
	"os"

	"github.com/minio/pkg/v3/policy"
)

func main() {
	p, err := policy.ParseConfig(os.Stdin)
	if err != nil || len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if !p.IsAllowed(policy.Args{Action: policy.Action(os.Args[1]), BucketName: os.Args[2], ObjectName: os.Args[3]}) {
		os.Exit(1)
	}
}
