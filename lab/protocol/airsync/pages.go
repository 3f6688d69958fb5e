package airsync

import "shutout/lab/protocol/wbxml"

// Pages are the code pages that mail uses, after MS-ASWBXML 2.1.2.1.1 and the
// sections that follow; section n describes page n-1. In the lists an entry
// without an index has the token after the one before it.
var Pages = wbxml.Pages{
	0: {Namespace: "AirSync", Names: [64]string{
		0x05: "Sync", "Responses", "Add", "Change", "Delete", "Fetch", "SyncKey", "ClientId",
		"ServerId", "Status", "Collection", "Class",
		0x12: "CollectionId", "GetChanges", "MoreAvailable", "WindowSize", "Commands", "Options",
		"FilterType", "Truncation",
		0x1B: "Conflict", "Collections", "ApplicationData", "DeletesAsMoves",
		0x20: "Supported", "SoftDelete", "MIMESupport", "MIMETruncation", "Wait", "Limit", "Partial",
		"ConversationMode", "MaxItems", "HeartbeatInterval",
	}},
	2: {Namespace: "Email", Names: [64]string{
		0x05: "Attachment", "Attachments", "AttName", "AttSize", "Att0Id", "AttMethod",
		0x0C: "Body", "BodySize", "BodyTruncated", "DateReceived", "DisplayName", "DisplayTo",
		"Importance", "MessageClass", "Subject", "Read", "To", "Cc", "From", "ReplyTo",
		"AllDayEvent", "Categories", "Category", "DtStamp", "EndTime", "InstanceType",
		"BusyStatus", "Location", "MeetingRequest", "Organizer", "RecurrenceId", "Reminder",
		"ResponseRequested", "Recurrences", "Recurrence", "Type", "Until", "Occurrences",
		"Interval", "DayOfWeek", "DayOfMonth", "WeekOfMonth", "MonthOfYear", "StartTime",
		"Sensitivity", "TimeZone", "GlobalObjId", "ThreadTopic", "MIMEData", "MIMETruncated",
		"MIMESize", "InternetCPID", "Flag", "Status", "ContentClass", "FlagType", "CompleteTime",
		"DisallowNewTimeProposal",
	}},
	7: {Namespace: "FolderHierarchy", Names: [64]string{
		0x05: "Folders", "Folder", "DisplayName", "ServerId", "ParentId", "Type",
		0x0C: "Status",
		0x0E: "Changes", "Add", "Delete", "Update", "SyncKey", "FolderCreate", "FolderDelete",
		"FolderUpdate", "FolderSync", "Count",
	}},
	13: {Namespace: "Ping", Names: [64]string{
		0x05: "Ping", "AutdState", "Status", "HeartbeatInterval", "Folders", "Folder", "Id",
		"Class", "MaxFolders",
	}},
	14: {Namespace: "Provision", Names: [64]string{
		0x05: "Provision", "Policies", "Policy", "PolicyType", "PolicyKey", "Data", "Status",
		"RemoteWipe", "EASProvisionDoc", "DevicePasswordEnabled",
		"AlphanumericDevicePasswordRequired", "RequireStorageCardEncryption",
		"PasswordRecoveryEnabled",
		0x13: "AttachmentsEnabled", "MinDevicePasswordLength", "MaxInactivityTimeDeviceLock",
		"MaxDevicePasswordFailedAttempts", "MaxAttachmentSize", "AllowSimpleDevicePassword",
		"DevicePasswordExpiration", "DevicePasswordHistory", "AllowStorageCard", "AllowCamera",
		"RequireDeviceEncryption", "AllowUnsignedApplications",
		"AllowUnsignedInstallationPackages", "MinDevicePasswordComplexCharacters", "AllowWiFi",
		"AllowTextMessaging", "AllowPOPIMAPEmail", "AllowBluetooth", "AllowIrDA",
		"RequireManualSyncWhenRoaming", "AllowDesktopSync", "MaxCalendarAgeFilter",
		"AllowHTMLEmail", "MaxEmailAgeFilter", "MaxEmailBodyTruncationSize",
		"MaxEmailHTMLBodyTruncationSize", "RequireSignedSMIMEMessages",
		"RequireEncryptedSMIMEMessages", "RequireSignedSMIMEAlgorithm",
		"RequireEncryptionSMIMEAlgorithm", "AllowSMIMEEncryptionAlgorithmNegotiation",
		"AllowSMIMESoftCerts", "AllowBrowser", "AllowConsumerEmail", "AllowRemoteDesktop",
		"AllowInternetSharing", "UnapprovedInROMApplicationList", "ApplicationName",
		"ApprovedApplicationList", "Hash", "AccountOnlyRemoteWipe",
	}},
	17: {Namespace: "AirSyncBase", Names: [64]string{
		0x05: "BodyPreference", "Type", "TruncationSize", "AllOrNone",
		0x0A: "Body", "Data", "EstimatedDataSize", "Truncated", "Attachments", "Attachment",
		"DisplayName", "FileReference", "Method", "ContentId", "ContentLocation", "IsInline",
		"NativeBodyType", "ContentType", "Preview", "BodyPartPreference", "BodyPart", "Status",
	}},
	18: {Namespace: "Settings", Names: [64]string{
		0x05: "Settings", "Status", "Get", "Set", "Oof", "OofState", "StartTime", "EndTime",
		"OofMessage", "AppliesToInternal", "AppliesToExternalKnown", "AppliesToExternalUnknown",
		"Enabled", "ReplyMessage", "BodyType", "DevicePassword", "Password", "DeviceInformation",
		"Model", "IMEI", "FriendlyName", "OS", "OSLanguage", "PhoneNumber", "UserInformation",
		"EmailAddresses", "SMTPAddress", "UserAgent", "EnableOutboundSMS", "MobileOperator",
		"PrimarySmtpAddress", "Accounts", "Account", "AccountId", "AccountName",
		"UserDisplayName", "SendDisabled",
		0x2B: "RightsManagementInformation",
	}},
	21: {Namespace: "ComposeMail", Names: [64]string{
		0x05: "SendMail", "SmartForward", "SmartReply", "SaveInSentItems", "ReplaceMime",
		0x0B: "Source", "FolderId", "ItemId", "LongId", "InstanceId", "Mime", "ClientId",
		"Status", "AccountId",
	}},
	22: {Namespace: "Email2", Names: [64]string{
		0x05: "UmCallerID", "UmUserNotes", "UmAttDuration", "UmAttOrder", "ConversationId",
		"ConversationIndex", "LastVerbExecuted", "LastVerbExecutionTime", "ReceivedAsBcc",
		"Sender", "CalendarType", "IsLeapMonth", "AccountId", "FirstDayOfWeek",
		"MeetingMessageType",
	}},
}
