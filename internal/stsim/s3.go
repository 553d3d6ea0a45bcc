package stsim

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
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
	case method == http.MethodGet && in.s3Path() == "/":
		return "ListAllMyBuckets"
	case method == http.MethodGet && in.form.Has("location") && !in.object():
		return "GetBucketLocation"
	case method == http.MethodGet && !in.object():
		return "ListBucket"
	case in.object() && method == http.MethodPut:
		return "PutObject"
	case in.object() && (method == http.MethodGet || method == http.MethodHead):
		return "GetObject"
	}
	return "Anything"
}

// s3Path is the path of what a request is about, "/bucket/key", also where the bucket is in the name of the host: Amazon
// S3 User Guide, "Virtual hosting of general purpose buckets".
func (in *request) s3Path() string {
	bucket, rest, virtual := strings.Cut(in.http.Host, ".s3.")
	if !virtual || !strings.Contains(rest, "amazonaws.com") {
		return in.http.URL.Path
	}
	return "/" + bucket + in.http.URL.Path
}

// object says whether a request is about an object, and not about a bucket or a part of an object.
func (in *request) object() bool {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(in.s3Path(), "/"), "/")
	return bucket != "" && key != "" && !in.form.Has("uploads") && !in.form.Has("uploadId")
}

// s3 keeps objects, lists them and gives them back; every other operation succeeds and lists the buckets.
func (w *world) s3(in *request, c *call) reply {
	switch in.s3Operation() {
	case "PutObject":
		return w.putObject(in, c)
	case "GetObject":
		return w.getObject(in)
	case "ListBucket":
		return s3Document(w.listObjects(in))
	case "GetBucketLocation":
		return s3Document(leaf("LocationConstraint", in.sig.region))
	}
	return s3Document(listBuckets(c))
}

func s3Document(e element) reply {
	body := e.document("http://s3.amazonaws.com/doc/2006-03-01/")
	return reply{status: http.StatusOK, requestID: newRequestID(), contentType: "application/xml", body: body}
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
	w.objects[in.s3Path()] = o
	return reply{status: http.StatusOK, requestID: newRequestID(), header: http.Header{"Etag": {o.etag()}}}
}

// getObject answers GetObject and HeadObject alike: of an answer to HEAD, net/http sends the headers alone.
func (w *world) getObject(in *request) reply {
	o, ok := w.objects[in.s3Path()]
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

// listObjects is ListObjects and ListObjectsV2 alike, all in one page: Amazon S3 API Reference, "ListObjectsV2".
func (w *world) listObjects(in *request) element {
	bucket, _, _ := strings.Cut(strings.TrimPrefix(in.s3Path(), "/"), "/")
	prefix, delimiter := in.form.Get("prefix"), in.form.Get("delimiter")
	list := []element{leaf("Name", bucket), leaf("Prefix", prefix), leaf("Delimiter", delimiter), leaf("IsTruncated", "false")}
	var folder string
	for _, path := range slices.Sorted(maps.Keys(w.objects)) {
		key, inBucket := strings.CutPrefix(path, "/"+bucket+"/")
		rest, wanted := strings.CutPrefix(key, prefix)
		if !inBucket || !wanted {
			continue
		}
		first, _, below := strings.Cut(rest, delimiter)
		if delimiter == "" || !below {
			list = append(list, w.objects[path].listed(key))
		} else if folder != prefix+first+delimiter {
			folder = prefix + first + delimiter
			list = append(list, group("CommonPrefixes", leaf("Prefix", folder)))
		}
	}
	return group("ListBucketResult", append(list, number("KeyCount", len(list)-4))...)
}

// listed is an object in a list.
func (o object) listed(key string) element {
	return group("Contents", leaf("Key", key), leaf("LastModified", o.modified.Format("2006-01-02T15:04:05.000Z")),
		leaf("ETag", o.etag()), number("Size", len(o.body)), leaf("StorageClass", "STANDARD"))
}
