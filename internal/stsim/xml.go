package stsim

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"
	iamNamespace = "https://iam.amazonaws.com/doc/2010-05-08/"
)

// failure is a refusal in AWS's words.
type failure struct {
	status  int
	code    string
	message string
}

// reply is an answer on its way out. code is that of an error, "" if there is none.
type reply struct {
	status      int
	code        string
	contentType string
	location    string
	requestID   string
	header      http.Header // what else there is
	body        []byte
}

// element is one XML element, with text or with children in their order on the wire.
type element struct {
	name string
	text string
	kids []element
}

func leaf(name, text string) element { return element{name: name, text: text} }

func number(name string, n int) element { return leaf(name, strconv.Itoa(n)) }

func group(name string, kids ...element) element { return element{name: name, kids: kids} }

func (e element) write(b *bytes.Buffer, attributes string, depth int) {
	indent := strings.Repeat("  ", depth)
	b.WriteString(indent + "<" + e.name + attributes + ">")
	if e.kids == nil {
		b.WriteString(escape(e.text))
	} else {
		b.WriteByte('\n')
		for _, kid := range e.kids {
			kid.write(b, "", depth+1)
		}
		b.WriteString(indent)
	}
	b.WriteString("</" + e.name + ">\n")
}

// escape leaves quotes as they are, as AWS does. What XML cannot hold becomes U+FFFD.
func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // fails only if the writer does
	return strings.NewReplacer("&#39;", "'", "&#34;", `"`).Replace(b.String())
}

func (e element) document(namespace string) []byte {
	var b bytes.Buffer
	attributes := ""
	if namespace != "" {
		attributes = ` xmlns="` + namespace + `"`
	}
	e.write(&b, attributes, 0)
	return b.Bytes()
}

// queryResult is a granted call of the query protocol: XResponse around XResult and the request's id.
func queryResult(action, namespace string, result []element) reply {
	id := newRequestID()
	kids := []element{group("ResponseMetadata", leaf("RequestId", id))}
	if result != nil {
		kids = append([]element{group(action+"Result", result...)}, kids...)
	}
	body := group(action+"Response", kids...).document(namespace)
	return reply{status: http.StatusOK, contentType: "text/xml", requestID: id, body: body}
}

// queryError is a refused call of the query protocol. Given Accept: application/json STS writes the same as JSON
// (spapi-php#45).
func queryError(f *failure, namespace string, asJSON bool) reply {
	id := newRequestID()
	who := "Sender"
	if f.status >= http.StatusInternalServerError {
		who = "Receiver"
	}
	out := reply{status: f.status, code: f.code, requestID: id}
	if asJSON {
		type detail struct{ Code, Message, Type string }
		out.contentType = "application/json"
		out.body = marshal(struct {
			Error     detail
			RequestID string `json:"RequestId"`
		}{detail{f.code, f.message, who}, id})
		return out
	}
	out.contentType = "text/xml"
	out.body = group("ErrorResponse",
		group("Error", leaf("Type", who), leaf("Code", f.code), leaf("Message", f.message)),
		leaf("RequestId", id),
	).document(namespace)
	return out
}

// marshal is for values that JSON can hold: strings, numbers, structs of them.
func marshal(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		return []byte("{}")
	}
	return text
}

// send writes the reply with the headers seen on AWS's (amazon-cloudwatch-agent's recorded 403).
func (out reply) send(w http.ResponseWriter, now time.Time) {
	header := w.Header()
	maps.Copy(header, out.header)
	header.Set("Date", now.Format(http.TimeFormat))
	header.Set("Content-Length", strconv.Itoa(len(out.body)))
	if out.contentType != "" {
		header.Set("Content-Type", out.contentType)
	}
	if out.requestID != "" {
		header.Set("X-Amzn-Requestid", out.requestID)
	}
	if out.location != "" {
		header.Set("Location", out.location)
	}
	w.WriteHeader(out.status)
	_, _ = w.Write(out.body)
}

// timestamp is how the query protocol writes a time.
func timestamp(t time.Time) string {
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
