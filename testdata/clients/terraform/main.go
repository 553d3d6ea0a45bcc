// Terraform stands for Terraform with the AWS provider: whatever its arguments,
// it configures aws-sdk-go-base as the provider does, and prints who it is. It has
// no plan, state or resources, and knows nothing of daypass.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"
)

func main() {
	ctx, cfg, found := awsbase.GetAwsConfig(context.Background(), &awsbase.Config{
		APNInfo:    &awsbase.APNInfo{PartnerName: "HashiCorp"},
		CallerName: "Terraform Provider",
		MaxRetries: 25,
	})
	for _, d := range found {
		log.Printf("%s: %s", d.Summary(), d.Detail())
	}
	if found.HasError() {
		log.Fatal("the provider is not configured")
	}
	caller, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(aws.ToString(caller.Arn))
}
