package kerberos

import (
	"errors"
	"fmt"
	"time"
)

// Codes of KRB-ERROR (RFC 4120 section 7.5.9).
const (
	ErrClientUnknown   = 6  // KDC_ERR_C_PRINCIPAL_UNKNOWN
	ErrServiceUnknown  = 7  // KDC_ERR_S_PRINCIPAL_UNKNOWN
	ErrBadOption       = 13 // KDC_ERR_BADOPTION
	ErrNoEncryption    = 14 // KDC_ERR_ETYPE_NOSUPP
	ErrNoPreAuth       = 16 // KDC_ERR_PADATA_TYPE_NOSUPP
	ErrRevoked         = 18 // KDC_ERR_CLIENT_REVOKED
	ErrKeyExpired      = 23 // KDC_ERR_KEY_EXPIRED
	ErrPreAuthFailed   = 24 // KDC_ERR_PREAUTH_FAILED
	ErrPreAuthRequired = 25 // KDC_ERR_PREAUTH_REQUIRED
	ErrBadIntegrity    = 31 // KRB_AP_ERR_BAD_INTEGRITY
	ErrTicketExpired   = 32 // KRB_AP_ERR_TKT_EXPIRED
	ErrTicketNotYet    = 33 // KRB_AP_ERR_TKT_NYV
	ErrRepeat          = 34 // KRB_AP_ERR_REPEAT
	ErrNotUs           = 35 // KRB_AP_ERR_NOT_US
	ErrBadMatch        = 36 // KRB_AP_ERR_BADMATCH
	ErrSkew            = 37 // KRB_AP_ERR_SKEW
	ErrMessageType     = 40 // KRB_AP_ERR_MSG_TYPE
	ErrModified        = 41 // KRB_AP_ERR_MODIFIED
	ErrChecksumType    = 50 // KRB_AP_ERR_INAPP_CKSUM
	ErrTooBig          = 52 // KRB_ERR_RESPONSE_TOO_BIG
	ErrGeneric         = 60 // KRB_ERR_GENERIC
	ErrFieldTooLong    = 61 // KRB_ERR_FIELD_TOOLONG
	ErrWrongRealm      = 68 // KDC_ERR_WRONG_REALM
)

var errorTexts = map[int32]string{
	ErrClientUnknown:   "client not found in the Kerberos database",
	ErrServiceUnknown:  "server not found in the Kerberos database",
	ErrBadOption:       "KDC cannot accommodate the requested option",
	ErrNoEncryption:    "KDC has no support for the encryption type",
	ErrNoPreAuth:       "KDC has no support for the pre-authentication type",
	ErrRevoked:         "client's credentials have been revoked",
	ErrKeyExpired:      "password has expired, change password to reset",
	ErrPreAuthFailed:   "pre-authentication information was invalid",
	ErrPreAuthRequired: "additional pre-authentication required",
	ErrBadIntegrity:    "integrity check on decrypted field failed",
	ErrTicketExpired:   "ticket expired",
	ErrTicketNotYet:    "ticket not yet valid",
	ErrRepeat:          "request is a replay",
	ErrNotUs:           "the ticket isn't for us",
	ErrBadMatch:        "ticket and authenticator don't match",
	ErrSkew:            "clock skew too great",
	ErrMessageType:     "invalid message type",
	ErrModified:        "message stream modified",
	ErrChecksumType:    "inappropriate type of checksum in message",
	ErrTooBig:          "response too big, retry with TCP",
	ErrGeneric:         "generic error",
	ErrFieldTooLong:    "field is too long for this implementation",
	ErrWrongRealm:      "wrong realm",
}

// Error is KRB-ERROR (RFC 4120 section 5.9.1), from a KDC or a server.
type Error struct {
	Time    time.Time // the sender's, whole seconds and microseconds
	Code    int32
	Realm   string
	Service Name
	Text    string
	Data    []byte
}

// Error is what the code means, as the specification has it.
func (e *Error) Error() string {
	if text, ok := errorTexts[e.Code]; ok {
		return text
	}
	return fmt.Sprintf("Kerberos error %d", e.Code)
}

const (
	appError = 30
	msgError = 30
)

// Encode writes the message.
func (e *Error) Encode() []byte {
	return message(appError, func(b builder) {
		b.integer(0, version)
		b.integer(1, msgError)
		b.time(4, e.Time)
		b.micro(5, e.Time)
		b.integer(6, int64(e.Code))
		b.text(9, e.Realm)
		b.name(10, e.Service)
		if e.Text != "" {
			b.text(11, e.Text)
		}
		if len(e.Data) > 0 {
			b.octets(12, e.Data)
		}
	})
}

// ParseError reads a KRB-ERROR.
func ParseError(m []byte) (*Error, error) {
	var e Error
	err := parse(m, "an error", appError, func(d der) {
		d.header(msgError)
		d.skip(2)
		d.skip(3)
		e.Time = get(&d, 4, (*der).time).Add(get(&d, 5, (*der).microseconds))
		e.Code = get(&d, 6, (*der).int32)
		d.skip(7)
		d.skip(8)
		e.Realm = get(&d, 9, (*der).text)
		e.Service = get(&d, 10, (*der).name)
		e.Text = opt(&d, 11, (*der).text)
		e.Data = opt(&d, 12, (*der).octets)
	})
	return &e, err
}

// IsError tells whether a message is a KRB-ERROR.
func IsError(m []byte) bool { return len(m) > 0 && m[0] == byte(applicationTag(appError)) }

// header reads a message's version and type.
func (d *der) header(kind int64) {
	if get(d, 0, (*der).integer) != version || get(d, 1, (*der).integer) != kind {
		d.fail()
	}
}

// CodeOf is the code that tells a client of an error of this package.
func CodeOf(err error) int32 {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Code
	case errors.Is(err, ErrIntegrity):
		return ErrModified
	case errors.Is(err, ErrFrameTooLong):
		return ErrFieldTooLong
	}
	return ErrGeneric
}

// Reason is an error of this package in words for an administrator.
func Reason(err error) string {
	switch {
	case errors.Is(err, ErrIntegrity):
		return "encrypted with another key, or altered"
	case errors.Is(err, ErrMalformed):
		return "malformed"
	}
	return err.Error()
}
