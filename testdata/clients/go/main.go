// Identity prints who the profile is, by AWS's Go SDK alone, and given "stdin"
// then the SHA-256 of standard input. PROCESS_TIMEOUT is how long it waits for a
// credential_process, if that is not to be the SDK's minute. It knows nothing of
// daypass.
package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithProcessCredentialOptions(patience))
	if err != nil {
		return err
	}
	caller, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		return err
	}
	fmt.Println(aws.ToString(caller.Arn))
	if !slices.Contains(os.Args, "stdin") {
		return nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, os.Stdin); err != nil {
		return err
	}
	fmt.Printf("%x\n", sum.Sum(nil))
	return nil
}

func patience(o *processcreds.Options) {
	if d, err := time.ParseDuration(os.Getenv("PROCESS_TIMEOUT")); err == nil {
		o.Timeout = d
	}
}
