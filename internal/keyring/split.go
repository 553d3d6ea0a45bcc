package keyring

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
)

// split keeps a value that is too large for one item in several. The value is
// written as parts, in accounts of their own, and then a head, which counts and
// sums them up, takes its place: whoever reads has the old value, the new one or
// none. Nothing here needs to list what is there, which go-keyring cannot.
//
// A value has one of two generations, never that of the one it replaces. So what
// a killed writer leaves is overwritten by the next, and found by Delete.
type split struct {
	backend
	room func(service, account string) int // how many bytes an item takes
}

// maxParts is how many parts a value may have.
const maxParts = 99

// partMark stands between an account and the generation and number of a part.
const partMark = ".part-"

func partOf(account string, generation byte, number int) string {
	return fmt.Sprintf("%s%s%c%d", account, partMark, generation, number)
}

// isPart reports whether account looks like partOf.
func isPart(account string) bool {
	i := strings.LastIndex(account, partMark)
	if i < 0 {
		return false
	}
	rest := account[i+len(partMark):]
	return len(rest) > 1 && (rest[0] == 'a' || rest[0] == 'b') && strings.Trim(rest[1:], "0123456789") == ""
}

// Get returns the value of an item, by one read if it is not split. That parts
// are missing, or do not sum up, is a miss: they may belong to two values.
func (s split) Get(service, account string) (string, error) {
	for range 2 { // another process may have replaced the value meanwhile
		text, err := s.backend.Get(service, account)
		if err != nil || !strings.HasPrefix(text, headPrefix) {
			return text, err
		}
		h, ok := decodeHead(text)
		if !ok {
			break
		}
		value, err := s.join(service, account, h)
		if !errors.Is(err, ErrNotFound) {
			return value, err
		}
	}
	return "", fmt.Errorf("%w: its parts are not whole", ErrNotFound)
}

// join reads the parts of h.
func (s split) join(service, account string, h head) (string, error) {
	var value strings.Builder
	for number := range h.parts {
		part, err := s.backend.Get(service, partOf(account, h.generation, number+1))
		if err != nil {
			return "", classify(err)
		}
		if value.WriteString(part); value.Len() > h.length {
			return "", ErrNotFound
		}
	}
	if value.Len() != h.length || sha256.Sum256([]byte(value.String())) != h.sum {
		return "", ErrNotFound
	}
	return value.String(), nil
}

var errReserved = errors.New("such an account is for parts of a value")

// Set makes value the value of an item. One that could be taken for a head is
// split too.
func (s split) Set(service, account, value string) error {
	if isPart(account) {
		return errReserved
	}
	if len(value) <= s.room(service, account) && !strings.HasPrefix(value, headPrefix) {
		return s.backend.Set(service, account, value)
	}
	old, err := s.backend.Get(service, account)
	if err = unlessAbsent(classify(err), nil); err != nil {
		return err
	}
	h := head{generation: 'a', length: len(value), sum: sha256.Sum256([]byte(value))}
	other := byte('b')
	if replaced, ok := decodeHead(old); ok && replaced.generation == h.generation {
		h.generation, other = other, h.generation
	}
	if h.parts, err = s.write(service, account, h.generation, value); err != nil {
		return err
	}
	if err := s.backend.Set(service, account, h.String()); err != nil {
		return err
	}
	// The value is there, whatever becomes of these.
	_ = s.sweep(service, account, h.generation, h.parts)
	_ = s.sweep(service, account, other, 0)
	return nil
}

// write writes value as parts, and returns how many.
func (s split) write(service, account string, generation byte, value string) (parts int, err error) {
	var cut []string
	for rest := value; rest != ""; {
		room := s.room(service, partOf(account, generation, len(cut)+1))
		if room <= 0 || len(cut) == maxParts {
			return 0, fmt.Errorf("%w: %d bytes", ErrTooLarge, len(value))
		}
		room = min(room, len(rest))
		cut, rest = append(cut, rest[:room]), rest[room:]
	}
	for i, part := range cut {
		if err := s.backend.Set(service, partOf(account, generation, i+1), part); err != nil {
			return 0, err
		}
	}
	return len(cut), nil
}

// Delete removes an item and all its parts, also those that belong to none. Its
// error is that of the item.
func (s split) Delete(service, account string) error {
	err := s.backend.Delete(service, account)
	if unlessAbsent(classify(err), nil) != nil {
		return err
	}
	for _, generation := range []byte("ab") {
		if err := s.sweep(service, account, generation, 0); err != nil {
			return err
		}
	}
	return err
}

// sweep removes the parts of a generation behind the first kept ones. They have
// no gap, and get none if this is cut short, since the last goes first.
func (s split) sweep(service, account string, generation byte, kept int) error {
	last := kept
	for last < maxParts {
		_, err := s.backend.Get(service, partOf(account, generation, last+1))
		if err = classify(err); errors.Is(err, ErrNotFound) {
			break
		}
		if err != nil {
			return err
		}
		last++
	}
	for ; last > kept; last-- {
		err := s.backend.Delete(service, partOf(account, generation, last))
		if err = unlessAbsent(classify(err), nil); err != nil {
			return err
		}
	}
	return nil
}
