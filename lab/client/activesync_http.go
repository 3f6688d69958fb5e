package client

import (
	"context"
	"net/http"

	"shutout/lab/protocol/airsync"
)

// headerVersion and headerPolicyKey are in the form in which http.Header keeps
// its keys.
var (
	headerVersion   = http.CanonicalHeaderKey(airsync.HeaderVersion)
	headerPolicyKey = http.CanonicalHeaderKey(airsync.HeaderPolicyKey)

	errWiped = refused(stageProvision, "the phone has been told to wipe itself")
)

// A parser reads a command's answer and tells its status.
type parser func(body []byte) (airsync.Status, error)

// command carries out a command that may be repeated, and provisions the phone
// when the server wants that first.
func (s *activeSync) command(ctx context.Context, stage, cmd string, body []byte, parse parser) error {
	return s.obey(ctx, stage, func() *request { return s.request(cmd, s.header, body) }, parse)
}

// submit carries out SendMail, which may not be repeated.
func (s *activeSync) submit(ctx context.Context, stage, kind string, body []byte, parse parser) error {
	return s.obey(ctx, stage, func() *request {
		header := s.header
		if kind != airsync.ContentType {
			header = header.Clone()
			header.Set("Content-Type", kind)
		}
		req := s.request(airsync.CmdSendMail, header, body)
		req.once = true
		return req
	}, parse)
}

// obey sends what build makes and, if the server asks for Provision first,
// does that and sends it anew.
func (s *activeSync) obey(ctx context.Context, stage string, build func() *request, parse parser) error {
	for provisioned := false; ; provisioned = true {
		wants, err := s.post(ctx, stage, build(), parse)
		if !wants || provisioned {
			return err
		}
		if err := s.provision(ctx, stage); err != nil {
			return err
		}
	}
}

func (s *activeSync) request(cmd string, header http.Header, body []byte) *request {
	key := s.phone.policy
	if key == "" {
		key = "0"
	}
	header[headerPolicyKey] = []string{key}
	q := airsync.Query{
		Cmd: cmd, User: s.line.env.Login.User, DeviceID: s.phone.id, DeviceType: deviceType,
		SaveInSent: cmd == airsync.CmdSendMail && s.phone.version < airsync.V140,
	}
	u := *s.url
	u.RawQuery = q.Encode()
	req := newRequest(http.MethodPost, &u, header, body)
	req.name = cmd
	return req
}

// post sends a command and judges the HTTP side of its answer. Wants says that
// the server asks for Provision.
func (s *activeSync) post(ctx context.Context, stage string, req *request, parse parser) (wants bool, err error) {
	a, err := s.auth.exchange(ctx, s.web, stage, req)
	if err != nil {
		return false, err
	}
	switch a.StatusCode {
	case http.StatusOK:
	case airsync.StatusNeedsProvisioning:
		return true, refused(stageProvision, a.Status)
	default:
		return false, judge(a, stage)
	}
	st, err := parse(a.body)
	if err != nil {
		return false, muddled(stage, req.once, err)
	}
	s.line.record.line(serverSays, req.name, " status ", st.String())
	if st >= airsync.StatusRemoteWipeRequested && st <= airsync.StatusInvalidPolicyKey {
		return true, refused(stageProvision, "status "+st.String())
	}
	return false, nil
}

// judge turns an HTTP status into a failure. Only 401 speaks about the
// password: at sign-in another may help, later the session is gone. Any other
// no is about the mailbox or the device.
func judge(a answer, stage string) error {
	f := a.verdict(stage)
	switch {
	case stage == stageSignIn && a.StatusCode != http.StatusUnauthorized:
		f.Stage = stageMailbox
	case stage != stageSignIn && a.StatusCode == http.StatusUnauthorized:
		return &lost{Failure: f, again: true}
	}
	return f
}

// provision fetches the server's policy and accepts it (MS-ASPROV 3.1.5.1).
func (s *activeSync) provision(ctx context.Context, stage string) error {
	kind := airsync.PolicyTypeWBXML
	if s.phone.version < airsync.V120 {
		kind = airsync.PolicyTypeXML
	}
	ask := airsync.ProvisionRequest{PolicyType: kind}
	if s.phone.version >= airsync.V141 {
		ask.Device = &airsync.Device{Model: deviceType, FriendlyName: "Phone", OS: "Shutout", UserAgent: "Shutout-Phone/1.0"}
	}
	s.phone.policy = ""
	r, err := s.provisionStep(ctx, stage, ask)
	if err != nil {
		return err
	}
	if r.Wipe || r.AccountWipe {
		understood := airsync.ProvisionRequest{WipeStatus: airsync.WipeAckOK}
		if !r.Wipe {
			understood = airsync.ProvisionRequest{AccountWipeStatus: airsync.WipeAckOK}
		}
		s.provisionStep(ctx, stage, understood)
		s.phone.wipe()
		return &lost{Failure: errWiped}
	}
	if r.PolicyStatus == airsync.PolicyNone {
		s.phone.policy = r.PolicyKey
		return nil
	}
	s.phone.policy = r.PolicyKey
	r, err = s.provisionStep(ctx, stage, airsync.ProvisionRequest{
		PolicyType: kind, PolicyKey: r.PolicyKey, PolicyStatus: airsync.AckApplied,
	})
	if err != nil {
		return err
	}
	s.phone.policy = r.PolicyKey
	return nil
}

func (s *activeSync) provisionStep(ctx context.Context, stage string, step airsync.ProvisionRequest) (airsync.ProvisionResponse, error) {
	var r airsync.ProvisionResponse
	body, err := step.Encode()
	if err != nil {
		return r, err
	}
	req := s.request(airsync.CmdProvision, s.header, body)
	wants, err := s.post(ctx, stage, req, func(b []byte) (_ airsync.Status, err error) {
		r, err = airsync.ParseProvisionResponse(b)
		return airsync.StatusOK, err
	})
	switch {
	case err != nil:
		return r, err
	case wants || r.Status != airsync.StatusOK:
		return r, refused(stageProvision, "Provision status "+r.Status.String())
	}
	return r, nil
}
