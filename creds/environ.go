package creds

import (
	"runtime"
	"slices"
	"strings"
)

// keyNames and regionNames are the variables by which AWS's SDKs are given
// credentials and a region.
func keyNames() []string {
	return []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION"}
}

func regionNames() []string { return []string{"AWS_REGION", "AWS_DEFAULT_REGION"} }

// ProfileVariable and RegionVariable tell the command of an exec whose keys it has,
// and which region was the profile's, not the person's.
const (
	ProfileVariable = "DAYPASS_PROFILE"
	RegionVariable  = "DAYPASS_REGION"
)

type variable struct{ name, value string }

// variables are keyNames and regionNames with their values, without those that
// have none.
func variables(c Credentials, region string) []variable {
	var set []variable
	for i, value := range []string{c.AccessKeyID, c.SecretAccessKey.Reveal(), c.SessionToken.Reveal(), expiration(c)} {
		if value != "" {
			set = append(set, variable{keyNames()[i], value})
		}
	}
	for _, name := range regionNames() {
		if region != "" {
			set = append(set, variable{name, region})
		}
	}
	return set
}

// rivals are variables that some SDK takes before the keys, or before a part of
// them, so that two tools would act as two identities:
//
//   - a profile goes before the keys in the JS SDK and, until version 4, in that
//     for .NET, as the token file of a web identity does there:
//     https://github.com/aws/aws-sdk-net/blob/main/sdk/src/Core/Amazon.Runtime/Credentials/FallbackCredentialsFactory.cs
//   - AWS_SECURITY_TOKEN goes before AWS_SESSION_TOKEN in botocore:
//     https://github.com/boto/botocore/blob/develop/botocore/credentials.py
//   - AWS_SECRET_KEY goes before AWS_SECRET_ACCESS_KEY in the Java SDK 1, where
//     AWS_ACCESS_KEY is its partner:
//     https://github.com/aws/aws-sdk-java/blob/master/aws-java-sdk-core/src/main/java/com/amazonaws/SDKGlobalConfiguration.java
//   - the bearer token of Bedrock goes before any keys there:
//     https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html
//   - ProfileVariable names the profile of the keys that are replaced
//
// What stands behind the keys in every SDK is none: AWS_CONTAINER_CREDENTIALS_*
// and what belongs to it, AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME, which mean
// nothing without the token file.
func rivals() []string {
	return []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECURITY_TOKEN", "AWS_ACCESS_KEY", "AWS_SECRET_KEY",
		"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_BEARER_TOKEN_BEDROCK", ProfileVariable}
}

// Environ returns environ, in the form and order of os.Environ, with c in it and
// nothing that a SDK would take instead; with region too, unless it is empty. An
// AWS_ACCOUNT_ID stays if it is, or may be, that of c: SDKs make endpoints of it
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-account-endpoints.html).
func Environ(environ []string, c Credentials, region string) []string {
	remove := append(keyNames(), rivals()...)
	if region != "" {
		remove = append(remove, regionNames()...)
	}
	var result []string
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		foreign := SameName(name, "AWS_ACCOUNT_ID") && c.AccountID != "" && value != c.AccountID
		if !foreign && !slices.ContainsFunc(remove, func(other string) bool { return SameName(name, other) }) {
			result = append(result, entry)
		}
	}
	for _, v := range variables(c, region) {
		result = append(result, v.name+"="+v.value)
	}
	return result
}

// SameName reports whether two names are of one variable: on Windows they have no
// case.
func SameName(a, b string) bool {
	return a == b || runtime.GOOS == "windows" && strings.EqualFold(a, b)
}
