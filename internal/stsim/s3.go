package stsim

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/http"
	"strings"
	"time"
)

// object is what was put into S3 under a path. Every bucket is there.
type object struct {
	body     []byte
	modified time.Time
	meta     http.Header // x-amz-meta-…
}

// Object returns what was last put into S3 under the path, such as "/bucket/key"; nil if nothing was.
func (s *Server) Object(path string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.world.objects[path].body)
}

// PutObject puts an object there without a request.
func (s *Server) PutObject(path string, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.world.objects[path] = object{body: bytes.Clone(body), modified: s.now()}
}

// s3Operation is the name that a request to S3 has in policies: Service Authorization Reference, "Amazon S3".
func (in *request) s3Operation() string {
	switch method := in.http.Method; {
	case in.action == "GET /":
		return "ListAllMyBuckets"
	case in.object() && method == http.MethodPut:
		return "PutObject"
	case in.object() && (method == http.MethodGet || method == http.MethodHead):
		return "GetObject"
	}
	return "Anything"
}

// object says whether a request is about an object, in the path style, and not about a bucket or a part of an object.
func (in *request) object() bool {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(in.http.URL.Path, "/"), "/")
	return bucket != "" && key != "" && !in.form.Has("uploads") && !in.form.Has("uploadId")
}

// s3 keeps objects and gives them back; every other operation succeeds and lists the buckets.
func (w *world) s3(in *request, c *call) reply {
	switch in.s3Operation() {
	case "PutObject":
		return w.putObject(in, c)
	case "GetObject":
		return w.getObject(in)
	}
	return reply{
		status:      http.StatusOK,
		requestID:   newRequestID(),
		contentType: "application/xml",
		body:        listBuckets(c).document("http://s3.amazonaws.com/doc/2006-03-01/"),
	}
}

// putObject keeps a body whose Content-MD5, if it came with one, is right: Amazon S3 API Reference, "PutObject" and
// "Error responses". The signature need not cover it. One in chunks (STREAMING-…) is kept as it came.
func (w *world) putObject(in *request, c *call) reply {
	if in.http.ContentLength > bodyLimit {
		return in.refuse(&failure{400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"})
	}
	stated := in.http.Header.Get("Content-Md5")
	sum := md5.Sum(in.body)
	if stated != "" && stated != base64.StdEncoding.EncodeToString(sum[:]) {
		return in.refuse(&failure{400, "BadDigest", "The Content-MD5 you specified did not match what we received."})
	}
	o := object{body: in.body, modified: c.now, meta: http.Header{}}
	for name, values := range in.http.Header {
		if strings.HasPrefix(name, "X-Amz-Meta-") {
			o.meta[name] = values
		}
	}
	w.objects[in.http.URL.Path] = o
	return reply{status: http.StatusOK, requestID: newRequestID(), header: http.Header{"Etag": {o.etag()}}}
}

// getObject answers GetObject and HeadObject alike: of an answer to HEAD, net/http sends the headers alone.
func (w *world) getObject(in *request) reply {
	o, ok := w.objects[in.http.URL.Path]
	if !ok {
		return in.refuse(&failure{404, "NoSuchKey", "The specified key does not exist."})
	}
	header := http.Header{"Etag": {o.etag()}}
	maps.Copy(header, o.meta)
	header.Set("Last-Modified", o.modified.Format(http.TimeFormat))
	return reply{status: http.StatusOK, requestID: newRequestID(), contentType: "binary/octet-stream", header: header, body: o.body}
}

// etag is the MD5 of an object that came in one piece: Amazon S3 API Reference, "Object".
func (o object) etag() string {
	sum := md5.Sum(o.body)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// listBuckets is S3's ListAllMyBuckets with one bucket, which is called after the account.
func listBuckets(c *call) element {
	return group("ListAllMyBucketsResult",
		group("Owner", leaf("ID", c.who.id), leaf("DisplayName", c.who.account)),
		group("Buckets", group("Bucket",
			leaf("Name", "stsim-"+c.who.account),
			leaf("CreationDate", timestamp(c.now)),
		)),
	)
}
