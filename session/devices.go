package session

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"daypass/creds"
	"daypass/profile"
)

// ListMFADevices is the action of IAM that lists a user's devices.
const ListMFADevices = "ListMFADevices"

// Device is an MFA device of a user.
type Device struct {
	Serial   string    // what an mfa_serial names: an ARN, or the serial of a hardware device
	Enabled  time.Time // UTC; zero if IAM did not say
	Unusable error     // why STS takes no codes of it, profile.ErrSecurityKey or profile.ErrSerial; nil if it does
}

// Devices lists the MFA devices of the user whose access key p rests on, in IAM's
// order; nil if there are none. It needs no serial, and asks nobody. region is
// one given on the command line, or empty. Errors are *ConfigError,
// *NetworkConfigError, *BaseError and those of by.Keys before any call,
// *RefusedError and *UnreachableError after.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADevices.html
func Devices(ctx context.Context, p *profile.Profile, getenv func(string) string, region string, by Means) ([]Device, error) {
	base, err := ReadBase(p, getenv)
	if err != nil {
		return nil, err
	}
	if err := checkLongTerm(p, base, ListNeedsLongTerm); err != nil {
		return nil, err
	}
	client, err := iamClient(ctx, p, getenv, region)
	if err != nil {
		return nil, err
	}
	if err := base.open(ctx, by, Network{}, time.Now); err != nil {
		return nil, err
	}
	if err := checkLongTerm(p, base, ListNeedsLongTerm); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, iamLimit)
	defer cancel()
	devices, err := listDevices(ctx, client, base.Credentials, "")
	if name := refusedUser(err); name != "" {
		devices, err = listDevices(ctx, client, base.Credentials, name)
	}
	return devices, err
}

// checkLongTerm tells what cannot make a call that AWS closes to sessions and
// roles, or that is about the user they may not belong to.
func checkLongTerm(p *profile.Profile, b Base, needed Problem) error {
	switch {
	case b.ID == "":
		return &ConfigError{Profile: p.Name, Problem: BaseMissing}
	case b.Temporary():
		return &ConfigError{Profile: p.Name, Problem: needed, Detail: b.Profile}
	}
	return nil
}

// listDevices lists the devices of user, of the signer if user is empty.
func listDevices(ctx context.Context, client *iam.Client, signer creds.Credentials, user string) ([]Device, error) {
	pages := iam.NewListMFADevicesPaginator(client, &iam.ListMFADevicesInput{UserName: optional(user)},
		func(o *iam.ListMFADevicesPaginatorOptions) { o.StopOnDuplicateToken = true })
	wire := &wire{}
	var devices []Device
	for pages.HasMorePages() {
		page, err := pages.NextPage(wire.traced(ctx), signedBy(signer))
		if err != nil {
			return nil, failure(ctx, ListMFADevices, wire, err, hider(signer, ""))
		}
		if page.MFADevices == nil { // an empty answer: IAM's list may be empty, but is there
			return nil, &RefusedError{Call: ListMFADevices, Code: "IncompleteAnswer", Message: "the answer holds no list of devices"}
		}
		for _, d := range page.MFADevices {
			devices = append(devices, device(d))
		}
	}
	return devices, nil
}

func device(d types.MFADevice) Device {
	serial := aws.ToString(d.SerialNumber)
	return Device{Serial: serial, Enabled: aws.ToTime(d.EnableDate).UTC(), Unusable: profile.CheckSerial(serial)}
}

// refusedUser is the user whom a refusal names, empty if it names none. AWS's own
// policy for users who manage their MFA allows the listing on that user alone,
// and a call that names nobody is checked against no user.
// https://github.com/aws/aws-cli/issues/6947
func refusedUser(err error) string {
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Code != "AccessDenied" {
		return ""
	}
	arn, _, _ := strings.Cut(strings.TrimPrefix(refused.Message, "User: "), " ")
	return UserName(arn)
}
