package session

import (
	"context"
	"time"

	"daypass/creds"
)

// This file has what a Getter needs of other rooms.

// Cache is where temporary credentials are kept, by a step's key.
type Cache interface {
	// Get returns the entry of key; anything but a usable one is a miss.
	Get(ctx context.Context, key string) (creds.Issued, bool)
	// Put keeps an entry.
	Put(ctx context.Context, key string, i creds.Issued) error
	// Lock waits for the one place in which key may be renewed.
	Lock(ctx context.Context, key string) (unlock func(), err error)
	// TryLock is Lock without the wait; ok is false if another holds it.
	TryLock(key string) (unlock func(), ok bool, err error)
}

// Question is what a person, or a program, is asked a code for.
type Question struct {
	Profile string
	Serial  string
	Key     string    // of the entry that the code buys
	Expires time.Time // about when that expires
	Host    string    // of STS when it is not AWS's own
	Plain   bool      // what goes to Host is not encrypted
	Since   time.Time // when the credentials were first wanted
	NoWait  bool      // wait for nobody else's question
}

// Answer says what became of a code.
type Answer int

// The answers to a code.
const (
	Accepted Answer = iota
	Refused         // STS did not take it
	Lost            // sent, and no answer came: it may be used up
	Unsent          // it never left
	Failed          // the call failed for another reason
)

// Codes asks for codes.
type Codes interface {
	// Available is nil if a code can be expected, else the error that Ask would
	// end with. It asks nobody.
	Available() error
	// Ask gets codes and hands them to try until one is accepted.
	Ask(ctx context.Context, q Question, try func(ctx context.Context, code string) (Answer, error)) error
}
