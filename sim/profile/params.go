package profile

import "time"

// Params is the numbers of one profile, typed. What each one means, where it comes from and which values it may have
// stands in fixtures/profiles/parameters.yaml under the name in its tag. A duration may be Never where the data allows it.
//
// What is tagged with a family, or is in a group that is, decides only what servers of that family do. The tag of a field
// outweighs that of its group; "all" stands for every family.
type Params struct {
	Server       Server
	IIS          IIS  `at:"exchange"`
	Auth         Auth `at:"exchange"`
	Kerberos     Kerberos
	NTLM         NTLM
	Cloud        Cloud `at:"exchange"`
	AD           AD
	Dir          Dir
	Store        Store
	RPC          RPC          `at:"exchange"`
	MAPIHTTP     MAPIHTTP     `at:"exchange"`
	EWS          EWS          `at:"exchange"`
	Autodiscover Autodiscover `at:"exchange"`
	Outlook      Outlook      `at:"exchange"`
	OWA          OWA          `at:"exchange"`
	EAS          EAS
	PopImap      PopImap
	SMTP         SMTP
	Pickup       Pickup `at:"exchange"`
	Remote       Remote
	OOF          OOF
	Net          Net
	DNSBL        DNSBL
	SmartHost    SmartHost
	Dovecot      Dovecot `at:"open"`
	Postfix      Postfix `at:"open"`
	Samba        Samba   `at:"open"`
	SOGo         SOGo    `at:"open"`
}

// Server is what the servers say of themselves.
type Server struct {
	Family     Family        `param:"server.family"`
	Version    ServerVersion `param:"server.version"`
	RebootTime time.Duration `param:"server.reboot_time"`
}

// IIS is the token cache, the application pools and iisreset.
type IIS struct {
	TokenTTL                time.Duration `param:"iis.token_ttl"`
	TokenTTLMode            TTLMode       `param:"iis.token_ttl_mode"`
	TokenTTLReload          TTLReload     `param:"iis.token_ttl_live_reload"`
	TokenTTLZero            TTLZero       `param:"iis.token_ttl_zero"` // what TokenTTL 0 means
	TokenTTLFrozen          bool          `param:"iis.token_ttl_frozen"`
	TokenScope              TokenScope    `param:"iis.token_scope"`
	ConnectionIdle          time.Duration `param:"iis.connection_idle" at:"all"` // may be Never
	RecycleDrain            time.Duration `param:"iis.recycle_drain"`
	RecycleKeepsConnections bool          `param:"iis.recycle_keeps_connections"`
	ResetDown               time.Duration `param:"iis.reset_down"`
	ResetRestartWait        time.Duration `param:"iis.reset_restart_wait"`
	ResetNoforceFails       bool          `param:"iis.reset_noforce_fails"`
	ResetStopsMailServices  bool          `param:"iis.reset_stops_mail_services"`
	EASSharesOWAPool        bool          `param:"iis.eas_shares_owa_pool"`
	FlushTokenCache         bool          `param:"iis.flush_token_cache"`
	BasicNeedsLocalLogon    bool          `param:"iis.basic_needs_local_logon"`
}

// Auth is what a sign-in over HTTP is bound to.
type Auth struct {
	NTLMScope     AuthScope `param:"auth.ntlm_scope"`
	KerberosScope AuthScope `param:"auth.kerberos_scope"`
}

// Kerberos is the ticket lifetimes.
type Kerberos struct {
	TGT        time.Duration `param:"krb.tgt"` // may be Never
	TGTRenew   time.Duration `param:"krb.tgt_renew"`
	Service    time.Duration `param:"krb.service"`     // may be Never
	RecheckAge time.Duration `param:"krb.recheck_age"` // may be Never
	ClockSkew  time.Duration `param:"krb.clock_skew"`
}

// NTLM is the window in which the password before the last one is still admitted.
type NTLM struct {
	OldPassword             time.Duration `param:"ntlm.old_password"`
	OldPasswordHistory      int           `param:"ntlm.old_password_history"` // compare with AD.PasswordHistory
	OldPasswordCleartext    bool          `param:"ntlm.old_password_cleartext"`
	OldPasswordOnAdminReset bool          `param:"ntlm.old_password_on_admin_reset"`
}

// Cloud is Entra ID, where there is one: its tokens, and what carries accounts there.
type Cloud struct {
	Tenant          bool          `param:"cloud.tenant"`
	AccessToken     time.Duration `param:"cloud.access_token"`
	CAE             bool          `param:"cloud.cae"`
	CAEDelay        time.Duration `param:"cloud.cae_delay"`
	CAEToken        time.Duration `param:"cloud.cae_token"`
	RefreshToken    time.Duration `param:"cloud.refresh_token"` // may be Never
	BlockDelay      time.Duration `param:"cloud.block_signin_delay"`
	SyncInterval    time.Duration `param:"cloud.sync_interval"` // may be Never
	PasswordSync    time.Duration `param:"cloud.password_sync"` // may be Never
	SyncUndoesBlock bool          `param:"cloud.sync_undoes_block"`
}

// AD is replication and the domain's account policy.
type AD struct {
	IntrasiteFirst   time.Duration `param:"ad.intrasite_first"`
	IntrasiteNext    time.Duration `param:"ad.intrasite_next"`
	Intersite        time.Duration `param:"ad.intersite"`
	IntersiteNotify  bool          `param:"ad.intersite_notify"`
	DisableIsUrgent  bool          `param:"ad.disable_is_urgent"`
	PDCPush          bool          `param:"ad.pdc_push"`
	PDCFallback      bool          `param:"ad.pdc_fallback"`
	PasswordHistory  int           `param:"ad.password_history"`
	LockoutThreshold int           `param:"ad.lockout_threshold"` // 0: accounts are not locked
	LockoutDuration  time.Duration `param:"ad.lockout_duration"`  // may be Never
	LockoutWindow    time.Duration `param:"ad.lockout_window"`
}

// Dir is the Exchange servers' own cache of directory objects (DSAccess, ADAccess).
type Dir struct {
	CacheTTL time.Duration `param:"dir.cache_ttl"`
}

// Store is the information store: its caches, moves and restarts.
type Store struct {
	MBIAge                time.Duration `param:"store.mbi_age"`
	MBIIdle               time.Duration `param:"store.mbi_idle"`
	QuotaReread           time.Duration `param:"store.quota_reread"`
	MoveOnline            bool          `param:"store.move_online" at:"exchange"`
	MoveRate              Size          `param:"store.move_rate" at:"exchange"` // bytes per second
	MoveLock              time.Duration `param:"store.move_lock" at:"exchange"`
	RestartTime           time.Duration `param:"store.restart_time"`
	FailoverTime          time.Duration `param:"store.failover_time" at:"exchange"`
	SendNeedsServerRights bool          `param:"store.send_needs_server_rights" at:"exchange"`
	SelfRestorable        bool          `param:"store.self_restorable" at:"exchange"`
	AttributesGoneSevers  bool          `param:"store.attributes_gone_severs" at:"exchange"`
	UnifiedMessaging      bool          `param:"store.unified_messaging"`
	Archive               bool          `param:"store.archive"`
	ForwardingSMTPAddress bool          `param:"store.forwarding_smtp_address"`
	RulesWithinSendLimit  bool          `param:"store.rules_within_send_limit"`
	DelegateFlags         FlagsOf       `param:"store.delegate_flags"`
}

// RPC is Outlook over RPC, with TCP or HTTP below it.
type RPC struct {
	Direct            bool          `param:"rpc.direct"`
	HTTP              bool          `param:"rpc.http"`
	SessionRevalidate time.Duration `param:"rpc.session_revalidate"` // may be Never
	SessionHolder     SessionHolder `param:"rpc.session_holder"`
	ResetSevers       bool          `param:"rpc.reset_severs"`
	LogonAccount      bool          `param:"rpc.logon_checks_account"`
	RevalidateAccount bool          `param:"rpc.revalidation_checks_account"`
	RestartDown       time.Duration `param:"rpc.restart_down"`
}

// MAPIHTTP is Outlook over MAPI over HTTP.
type MAPIHTTP struct {
	Available        bool          `param:"mapihttp.available"`
	ContextTTL       time.Duration `param:"mapihttp.context_ttl"`
	PendingInterval  time.Duration `param:"mapihttp.pending_interval"`
	NotificationWait time.Duration `param:"mapihttp.notification_wait"`
}

// EWS is Exchange Web Services.
type EWS struct {
	Available      bool          `param:"ews.available"`
	StatusInterval time.Duration `param:"ews.status_interval"`
	InboxRules     bool          `param:"ews.inbox_rules"`
}

// Autodiscover is how clients find their mailbox.
type Autodiscover struct {
	Available bool `param:"autodiscover.available"`
}

// Outlook is the Outlook program itself.
type Outlook struct {
	Guard     Guard         `param:"outlook.guard"`
	Antivirus bool          `param:"outlook.antivirus"`
	Version   OfficeVersion `param:"outlook.version"`
	Windows   Windows       `param:"outlook.windows"`
}

// OWA is the forms cookie and its idle limits.
type OWA struct {
	PublicTimeout   time.Duration `param:"owa.public_timeout"`
	PrivateTimeout  time.Duration `param:"owa.private_timeout"`
	CookieScope     CookieScope   `param:"owa.cookie_scope"`
	KeyGenerations  int           `param:"owa.key_generations"`
	KeysPerTimeout  int           `param:"owa.keys_per_timeout"`
	ActivityTimeout time.Duration `param:"owa.activity_timeout"` // may be Never
	Integrated      bool          `param:"owa.integrated"`
}

// EAS is ActiveSync.
type EAS struct {
	HeartbeatMin    time.Duration `param:"eas.heartbeat_min"`
	HeartbeatMax    time.Duration `param:"eas.heartbeat_max"`
	HeartbeatStart  time.Duration `param:"eas.heartbeat_start"`
	QuotaStopsSync  bool          `param:"eas.quota_stops_sync"`
	AccountOnlyWipe bool          `param:"eas.account_only_wipe"`
}

// PopImap is the POP3 and IMAP4 services.
type PopImap struct {
	Autostart          bool          `param:"popimap.autostart"`
	LoginType          LoginType     `param:"popimap.login_type"`
	Idle               time.Duration `param:"popimap.idle"`
	Preauth            time.Duration `param:"popimap.preauth"`
	ConnectionsPerUser int           `param:"popimap.connections_per_user"`
	SessionRevalidate  time.Duration `param:"popimap.session_revalidate"` // may be Never
	EndsWithToken      bool          `param:"popimap.session_ends_with_token" at:"exchange"`
	RestartDown        time.Duration `param:"popimap.restart_down"`
}

// SMTP is the receive connectors and the queues.
type SMTP struct {
	Anonymous             bool                `param:"smtp.anonymous"`
	AnonymousLocalSender  bool                `param:"smtp.anonymous_local_sender"`
	AnonymousRelay        bool                `param:"smtp.anonymous_relay"`
	RelayForAuthenticated bool                `param:"smtp.relay_for_authenticated"`
	SubmissionPort        int                 `param:"smtp.submission_port"`
	RecipientValidation   RecipientValidation `param:"smtp.recipient_validation"`
	Tarpit                time.Duration       `param:"smtp.tarpit"`
	TarpitAvailable       bool                `param:"smtp.tarpit_available"`
	AuthTarpit            time.Duration       `param:"smtp.auth_tarpit"`
	MaxLogonFailures      int                 `param:"smtp.max_logon_failures"`
	MaxProtocolErrors     int                 `param:"smtp.max_protocol_errors"`
	ConnectionTimeout     time.Duration       `param:"smtp.connection_timeout"` // may be Never
	ConnectionIdle        time.Duration       `param:"smtp.connection_idle"`
	MessageRate           int                 `param:"smtp.message_rate"` // per minute and client address; 0: no limit
	MaxMessageSize        Size                `param:"smtp.max_message_size"`
	MaxRecipients         int                 `param:"smtp.max_recipients"`
	RecipientLimitMin     int                 `param:"smtp.recipient_limit_min"` // of a mailbox
	ProtocolLog           ProtocolLog         `param:"smtp.protocol_log"`
	StampsAuthAs          bool                `param:"smtp.stamps_auth_as"`
	RetryLadder           []time.Duration     `param:"smtp.retry_ladder"` // the wait after the nth failure; then RetryThen
	RetryThen             time.Duration       `param:"smtp.retry_then"`
	MailboxRetry          time.Duration       `param:"smtp.mailbox_retry"`
	ResubmitIdle          time.Duration       `param:"smtp.resubmit_idle"` // may be Never
	DelayNotice           time.Duration       `param:"smtp.delay_notice"`  // may be Never
	Expiry                time.Duration       `param:"smtp.expiry"`
}

// Pickup is the directory that mail can be dropped in as files.
type Pickup struct {
	Poll          time.Duration `param:"pickup.poll"`
	Rate          int           `param:"pickup.rate"` // messages per minute
	MaxHeader     Size          `param:"pickup.max_header"`
	MaxRecipients int           `param:"pickup.max_recipients"`
}

// Remote is what the default remote domain lets out.
type Remote struct {
	OOFType          OOFType      `param:"remote.oof_type"`
	AutoForward      bool         `param:"remote.auto_forward"`
	AutoForwardScope ForwardScope `param:"remote.auto_forward_scope"`
	NDR              bool         `param:"remote.ndr"`
}

// OOF is out-of-office replies.
type OOF struct {
	ExternalDefault          Audience       `param:"oof.external_default"`
	MailboxOption            MailboxOOF     `param:"oof.mailbox_option"`
	SeparateExternalText     bool           `param:"oof.separate_external_text"`
	Repeat                   time.Duration  `param:"oof.repeat"` // Never: once per sender until switched off
	EnvelopeSender           EnvelopeSender `param:"oof.envelope_sender"`
	HonoursSuppressHeader    bool           `param:"oof.honours_suppress_header"`
	HonoursAutoSubmitted     bool           `param:"oof.honours_auto_submitted"`
	HonoursPrecedence        bool           `param:"oof.honours_precedence"`
	AnswersEmptySender       bool           `param:"oof.answers_empty_sender"`
	AnswersDistributionLists bool           `param:"oof.answers_distribution_lists"`
}

// Net is what TCP does by itself.
type Net struct {
	SYNTimeout time.Duration `param:"net.syn_timeout"`
}

// DNSBL is public block lists.
type DNSBL struct {
	ListedAfter      time.Duration `param:"dnsbl.listed_after"` // may be Never
	ListingLife      time.Duration `param:"dnsbl.listing_life"` // may be Never
	BackscatterLists bool          `param:"dnsbl.backscatter_lists"`
	Consulted        bool          `param:"dnsbl.consulted"`
}

// SmartHost is the provider whose server sends the organisation's mail on.
type SmartHost struct {
	BlocksAfter time.Duration `param:"smarthost.blocks_after"` // may be Never
}

// Dovecot is the authentication of an open site: IMAP and POP3 ask it, and Postfix does.
type Dovecot struct {
	CacheTTL      time.Duration `param:"dovecot.auth_cache_ttl"` // 0: no cache
	NegativeTTL   time.Duration `param:"dovecot.auth_cache_negative_ttl"`
	ReloadFlushes bool          `param:"dovecot.reload_flushes"`
	ReloadSevers  time.Duration `param:"dovecot.reload_severs"`
	RestartDown   time.Duration `param:"dovecot.restart_down"`
}

// Postfix is the SMTP service of an open site.
type Postfix struct {
	RestartSevers bool          `param:"postfix.restart_severs"`
	RestartDown   time.Duration `param:"postfix.restart_down"`
}

// Samba is the domain controller of an open site.
type Samba struct {
	ResetEnables bool          `param:"samba.reset_enables"`
	RestartDown  time.Duration `param:"samba.restart_down"`
}

// SOGo is the ActiveSync server of an open site.
type SOGo struct {
	CacheTTL    time.Duration `param:"sogo.cache_ttl"`
	RestartDown time.Duration `param:"sogo.restart_down"`
}
