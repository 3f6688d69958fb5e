package directory

import (
	"slices"
	"strings"
)

// Syntax is the form of an attribute's values, as far as this directory tells
// them apart. It decides how a modification is checked and how values compare.
type Syntax int

const (
	Text    Syntax = iota // Unicode, compared without case
	Integer               // decimal number; covers Enumeration, Integer and LargeInteger
	Octets                // bytes, compared as they are
	Name                  // distinguished name
	Boolean               // TRUE or FALSE
	Time                  // generalized time
)

// Attribute describes one attribute of the schema.
type Attribute struct {
	Name   string // as Active Directory spells it
	Syntax Syntax
	Multi  bool // may hold more than one value
	System bool // kept by the directory itself; nobody may modify it
	Secret bool // never read back, by nobody
}

// schema is every attribute that users, groups and containers of this
// directory may hold, sorted by name. An attribute that is not here does not exist, so a
// misspelt name in a modification fails as it does in Active Directory.
var schema = buildSchema()

func buildSchema() []Attribute {
	var all []Attribute
	add := func(a Attribute, names string) {
		for _, n := range strings.Fields(names) {
			a.Name = n
			all = append(all, a)
		}
	}
	add(Attribute{}, `cn name displayName givenName sn initials description title department company
		physicalDeliveryOfficeName streetAddress l st postalCode c co telephoneNumber mobile homePhone pager
		facsimileTelephoneNumber ipPhone info employeeID employeeNumber employeeType wWWHomePage
		sAMAccountName userPrincipalName userWorkstations profilePath scriptPath homeDirectory homeDrive
		mail mailNickname displayNamePrintable legacyExchangeDN targetAddress textEncodedORAddress
		msExchHomeServerName msExchMobileMailboxPolicyLink msExchArchiveName msExchUserHoldPolicies
		msExchTextMessagingState msExchWhenMailboxCreated msExchRBACPolicyLink msExchGenericForwardingAddress dc dNSHostName
		extensionAttribute1 extensionAttribute2 extensionAttribute3 extensionAttribute4 extensionAttribute5
		extensionAttribute6 extensionAttribute7 extensionAttribute8 extensionAttribute9 extensionAttribute10
		extensionAttribute11 extensionAttribute12 extensionAttribute13 extensionAttribute14 extensionAttribute15`)
	add(Attribute{Multi: true}, `objectClass proxyAddresses protocolSettings showInAddressBook otherTelephone otherMobile
		servicePrincipalName url msExchMobileBlockedDeviceIDs msExchMobileAllowedDeviceIDs
		msExchUMDtmfMap msExchPoliciesIncluded msExchPoliciesExcluded ou`)
	add(Attribute{Syntax: Integer}, `userAccountControl accountExpires pwdLastSet lockoutTime sAMAccountType primaryGroupID
		groupType instanceType countryCode codePage adminCount
		submissionContLength delivContLength msExchRecipLimit mDBStorageQuota mDBOverQuotaLimit mDBOverHardQuotaLimit
		garbageCollPeriod msExchOmaAdminWirelessEnable msExchOmaAdminExtendedSettings msExchEwsEnabled
		msExchMailboxMoveStatus msExchMailboxMoveFlags msExchRecipientTypeDetails msExchRecipientDisplayType
		msExchMobileMailboxFlags msExchUserAccountControl msExchELCMailboxFlags msExchModerationFlags
		msExchVersion msExchALObjectVersion internetEncoding msExchMDBRulesQuota autoReply`)
	add(Attribute{Syntax: Boolean}, `mDBUseDefaults deliverAndRedirect msExchHideFromAddressLists
		msExchRequireAuthToSendTo oOFReplyToOriginator reportToOriginator reportToOwner isCriticalSystemObject showInAdvancedViewOnly`)
	add(Attribute{Syntax: Octets}, `logonHours msExchMailboxGuid msExchArchiveGUID msExchMailboxSecurityDescriptor
		msExchMasterAccountSid thumbnailPhoto`)
	add(Attribute{Syntax: Octets, Multi: true}, `userCertificate userSMIMECertificate`)
	add(Attribute{Syntax: Name}, `manager homeMDB homeMTA altRecipient msExchMailboxMoveTargetMDBLink
		msExchMailboxMoveSourceMDBLink msExchOWAPolicy msExchMailboxTemplateLink managedBy msExchDisabledArchiveDatabaseLink`)
	add(Attribute{Syntax: Name, Multi: true}, `member publicDelegates authOrig unauthOrig dLMemSubmitPerms
		dLMemRejectPerms msExchDelegateListLink`)
	add(Attribute{System: true}, `distinguishedName`)
	add(Attribute{System: true, Syntax: Name}, `objectCategory`)
	add(Attribute{System: true, Syntax: Name, Multi: true}, `memberOf`)
	add(Attribute{System: true, Syntax: Octets}, `objectGUID objectSid`)
	add(Attribute{System: true, Syntax: Integer}, `uSNCreated uSNChanged badPwdCount badPasswordTime lastLogon logonCount
		msDS-User-Account-Control-Computed msDS-UserPasswordExpiryTimeComputed`)
	add(Attribute{System: true, Syntax: Time}, `whenCreated whenChanged`)
	// What a domain controller knows of a password: the NT hash in force, and
	// those before it, newest first with the one in force in front. Both
	// replicate like any attribute and are never shown (MS-ADTS 3.1.1.4.4).
	add(Attribute{System: true, Secret: true, Syntax: Octets}, attrPassword)
	add(Attribute{System: true, Secret: true, Syntax: Octets, Multi: true}, attrHistory+" dBCSPwd lmPwdHistory supplementalCredentials")

	slices.SortFunc(all, func(a, b Attribute) int { return compareFold(a.Name, b.Name) })
	return all
}

// Schema finds the attribute called name, in any case.
func Schema(name string) (Attribute, bool) {
	i, ok := slices.BinarySearchFunc(schema, name, func(a Attribute, n string) int { return compareFold(a.Name, n) })
	if !ok {
		return Attribute{}, false
	}
	return schema[i], true
}

// compareFold orders strings without regard to ASCII case and without
// allocating. Attribute names are ASCII (RFC 4512, section 1.4).
func compareFold(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		x, y := lower(a[i]), lower(b[i])
		if x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}
