package ews

import (
	"net/http"
	"slices"
	"strings"
)

// ResponseCode is the outcome of one part of a request (ResponseCodeType). Any
// other than NoError is an error.
type ResponseCode string

const (
	NoError                      ResponseCode = "NoError"
	ErrorAccessDenied            ResponseCode = "ErrorAccessDenied"
	ErrorAccountDisabled         ResponseCode = "ErrorAccountDisabled"
	ErrorConnectionFailed        ResponseCode = "ErrorConnectionFailed"
	ErrorDataSizeLimitExceeded   ResponseCode = "ErrorDataSizeLimitExceeded"
	ErrorExceededSubscriptions   ResponseCode = "ErrorExceededSubscriptionCount"
	ErrorExpiredSubscription     ResponseCode = "ErrorExpiredSubscription"
	ErrorFolderNotFound          ResponseCode = "ErrorFolderNotFound"
	ErrorImpersonateUserDenied   ResponseCode = "ErrorImpersonateUserDenied"
	ErrorInboxRulesValidation    ResponseCode = "ErrorInboxRulesValidationError"
	ErrorInternalServerError     ResponseCode = "ErrorInternalServerError"
	ErrorInternalServerTransient ResponseCode = "ErrorInternalServerTransientError"
	ErrorInvalidIDMalformed      ResponseCode = "ErrorInvalidIdMalformed"
	ErrorInvalidOperation        ResponseCode = "ErrorInvalidOperation"
	ErrorInvalidRecipients       ResponseCode = "ErrorInvalidRecipients"
	ErrorInvalidRequest          ResponseCode = "ErrorInvalidRequest"
	ErrorInvalidServerVersion    ResponseCode = "ErrorInvalidServerVersion"
	ErrorInvalidSubscription     ResponseCode = "ErrorInvalidSubscription"
	ErrorInvalidSyncState        ResponseCode = "ErrorInvalidSyncStateData"
	ErrorItemNotFound            ResponseCode = "ErrorItemNotFound"
	ErrorMailboxMoveInProgress   ResponseCode = "ErrorMailboxMoveInProgress"
	ErrorMailboxStoreUnavailable ResponseCode = "ErrorMailboxStoreUnavailable"
	ErrorMessageSizeExceeded     ResponseCode = "ErrorMessageSizeExceeded"
	ErrorMissingRecipients       ResponseCode = "ErrorMissingRecipients"
	ErrorNonExistentMailbox      ResponseCode = "ErrorNonExistentMailbox"
	ErrorQuotaExceeded           ResponseCode = "ErrorQuotaExceeded"
	ErrorSchemaValidation        ResponseCode = "ErrorSchemaValidation"
	ErrorSendAsDenied            ResponseCode = "ErrorSendAsDenied"
	ErrorServerBusy              ResponseCode = "ErrorServerBusy"
	ErrorSubscriptionNotFound    ResponseCode = "ErrorSubscriptionNotFound"
	ErrorTimeoutExpired          ResponseCode = "ErrorTimeoutExpired"
)

// Known tells whether the code is one of this package's.
func (c ResponseCode) Known() bool { return slices.Contains(codes, c) }

var codes = []ResponseCode{
	NoError, ErrorAccessDenied, ErrorAccountDisabled, ErrorConnectionFailed, ErrorDataSizeLimitExceeded,
	ErrorExceededSubscriptions, ErrorExpiredSubscription, ErrorFolderNotFound, ErrorImpersonateUserDenied,
	ErrorInboxRulesValidation, ErrorInternalServerError, ErrorInternalServerTransient, ErrorInvalidIDMalformed,
	ErrorInvalidOperation, ErrorInvalidRecipients, ErrorInvalidRequest, ErrorInvalidServerVersion, ErrorInvalidSubscription,
	ErrorInvalidSyncState, ErrorItemNotFound, ErrorMailboxMoveInProgress, ErrorMailboxStoreUnavailable,
	ErrorMessageSizeExceeded, ErrorMissingRecipients, ErrorNonExistentMailbox, ErrorQuotaExceeded, ErrorSchemaValidation,
	ErrorSendAsDenied, ErrorServerBusy, ErrorSubscriptionNotFound, ErrorTimeoutExpired,
}

// Versions that a client may ask for (ExchangeVersionType), in order.
const (
	Exchange2007    = "Exchange2007"
	Exchange2007SP1 = "Exchange2007_SP1"
	Exchange2010    = "Exchange2010"
	Exchange2010SP1 = "Exchange2010_SP1"
	Exchange2010SP2 = "Exchange2010_SP2"
	Exchange2013    = "Exchange2013"
	Exchange2013SP1 = "Exchange2013_SP1"
	Exchange2016    = "Exchange2016"
)

// The HTTP side: every request is a POST.
const (
	// URLPath is where the service is. IIS takes it in any case.
	URLPath = "/EWS/Exchange.asmx"

	// ContentType is of requests and responses, in the spelling of Exchange;
	// DavMail reads no response with another.
	ContentType = "text/xml; charset=utf-8"

	// StatusFault is the HTTP status of a Fault (SOAP 1.1 section 6.2).
	StatusFault = http.StatusInternalServerError
)

// IsPath tells whether a URL's path is the service's.
func IsPath(path string) bool { return strings.EqualFold(path, URLPath) }
