package session

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"daypass/creds"
)

// DecodeAuthorizationMessage is the action of STS that says why EC2 and others
// have denied a call.
const DecodeAuthorizationMessage = "DecodeAuthorizationMessage"

// decodeLimit bounds the call with all its attempts.
const decodeLimit = 30 * time.Second

// Decode has STS decode an authorization failure message; the answer is a
// document for ReadDenial. c must belong to the account of the call that was
// denied. Errors are *NetworkConfigError before the call, *RefusedError and
// *UnreachableError after.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
func Decode(ctx context.Context, n Network, c creds.Credentials, message string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, decodeLimit)
	defer cancel()
	client, err := newClient(ctx, n)
	if err != nil {
		return "", err
	}
	wire := &wire{}
	out, err := client.sts.DecodeAuthorizationMessage(wire.traced(ctx),
		&sts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String(message)},
		func(o *sts.Options) { o.Credentials = signing(c) })
	if err != nil {
		return "", failure(ctx, DecodeAuthorizationMessage, wire, err, hider(c, ""))
	}
	if aws.ToString(out.DecodedMessage) == "" {
		return "", &RefusedError{Call: DecodeAuthorizationMessage, Code: "IncompleteAnswer", Message: "the answer holds no message"}
	}
	return *out.DecodedMessage, nil
}

const (
	// marker is what stands before the encoded message in an error of EC2.
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
	marker = "Encoded authorization failure message:"
	// leastMessage is shorter than any message, and longer than words.
	leastMessage = 64
	// mostMessage is what STS takes.
	mostMessage = 10240
	// widest is the widest terminal that is thought to break lines.
	widest = 500
)

// FindMessage returns the encoded message in text, which may be a whole error
// with the message broken into lines by a terminal or a mail program; empty if
// there is none, or none that STS takes. The message is what stands behind
// "Encoded authorization failure message:", else the longest thing of its form.
func FindMessage(text string) string {
	found := ""
	if _, behind, ok := strings.Cut(text, marker); ok {
		// Before the marker on its line the width of the line is taken from.
		lines := lineRuns(behind)
		first := text[strings.LastIndexByte(text[:len(text)-len(behind)], '\n')+1 : len(text)-len(behind)]
		if len(lines) > 0 {
			lines[0].width += utf8.RuneCountInString(first)
		}
		found = longest(lines)
	}
	if len(found) < leastMessage {
		found = longest(lineRuns(text))
	}
	if len(found) < leastMessage || len(found) > mostMessage {
		return ""
	}
	return found
}

// messageLine is a line of a text, cut into what could be of a message.
type messageLine struct {
	width int      // in characters
	runs  []string // of the alphabet of messages
	open  bool     // the last run ends the line
	whole bool     // the one run is the line
}

// lineRuns cuts text into its lines, without the margin of Terraform's.
func lineRuns(text string) []messageLine {
	var lines []messageLine
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n│|")
		bare := strings.TrimLeft(line, " \t│|>")
		runs := strings.FieldsFunc(bare, func(r rune) bool { return !isMessage(r) })
		open := len(runs) > 0 && strings.HasSuffix(bare, runs[len(runs)-1])
		lines = append(lines, messageLine{utf8.RuneCountInString(line), runs, open, len(runs) == 1 && runs[0] == bare})
	}
	return lines
}

func isMessage(r rune) bool { return isAlphanumeric(r, "-_") }

// longest is the longest run of all, where one that fills its line goes on in the
// next.
func longest(lines []messageLine) string {
	found := ""
	for i, line := range lines {
		for k, run := range line.runs {
			if k == len(line.runs)-1 && line.open {
				run += following(line, lines[i+1:])
			}
			if len(run) > len(found) {
				found = run
			}
		}
	}
	return found
}

// following is what continues a run that ends line: lines that hold nothing else,
// of which all but the last are as wide as the first.
func following(line messageLine, rest []messageLine) string {
	var b strings.Builder
	for _, next := range rest {
		if !next.whole || next.width > line.width || line.width > widest {
			break
		}
		b.WriteString(next.runs[0])
		if next.width < line.width {
			break
		}
	}
	return b.String()
}

// FindReason returns what the text of an error itself gives as the reason, in
// AWS's words; empty if it gives none. It is the one place where a service control
// policy is named.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func FindReason(text string) string {
	words := slices.DeleteFunc(strings.Fields(text), func(word string) bool { return word == "│" })
	text = strings.Join(words, " ")
	for _, begin := range []string{"with an explicit deny in ", "because no "} {
		i := strings.Index(text, begin)
		if i < 0 {
			continue
		}
		reason := text[i:]
		for _, end := range []string{". ", marker} {
			reason, _, _ = strings.Cut(reason, end)
		}
		if begin == "because no " && !strings.Contains(reason, " allows ") || len(reason) > 300 {
			continue
		}
		return strings.TrimSuffix(strings.TrimSpace(reason), ".")
	}
	return ""
}
