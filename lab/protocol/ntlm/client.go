package ntlm

import "encoding/binary"

// A Client signs somebody in. The random values are its caller's, so that a
// run can be repeated; in earnest they must be unpredictable.
type Client struct {
	User, Domain, Password string
	Workstation            string
	Flags                  Flags    // asked for; 0 for what HTTP needs
	Challenge              [8]byte  // random
	SessionKey             [16]byte // random; used if KeyExchange is granted

	negotiate []byte
}

const httpFlags = Unicode | OEM | RequestTarget | NTLM | AlwaysSign | ExtendedSecurity | Key128 | Key56

// Negotiate returns the first message.
func (c *Client) Negotiate() ([]byte, error) {
	f := c.Flags
	if f == 0 {
		f = httpFlags
	}
	b, err := Negotiate{Flags: f}.Encode()
	c.negotiate = b
	return b, err
}

// Authenticate answers a challenge (MS-NLMP 3.1.5.1.2) with the second message,
// and returns the exported session key. now, a FILETIME, is only taken where
// the server does not tell the time; where it does, the message gets a MIC.
func (c *Client) Authenticate(challenge []byte, now uint64) (message []byte, exported [16]byte, err error) {
	server, err := ParseChallenge(challenge)
	if err != nil {
		return nil, exported, err
	}
	a := Authenticate{Flags: server.Flags, Domain: c.Domain, User: c.User, Workstation: c.Workstation}
	key := ResponseKey(NTHash(c.Password), c.User, c.Domain)
	response := Response{Time: now, Challenge: c.Challenge, Info: server.Info}
	if stamp, ok := server.Info.Timestamp(); ok {
		response.Time = stamp
		response.Info = response.Info.with(AvFlags, binary.LittleEndian.AppendUint32(nil, server.Info.Flags()|AvFlagMIC))
		a.LM, a.MIC = make([]byte, 24), make([]byte, 16)
	} else {
		a.LM = RespondLM(key, server.Challenge, c.Challenge)
	}
	if a.NT, err = Respond(key, server.Challenge, response); err != nil {
		return nil, exported, err
	}
	exported = SessionBaseKey(key, [16]byte(a.NT[:16]))
	if a.Flags.Has(KeyExchange) {
		wrapped := ExchangeKey(exported, c.SessionKey)
		a.SessionKey, exported = wrapped[:], c.SessionKey
	}
	if message, err = a.Encode(); err != nil {
		return nil, exported, err
	}
	if a.MIC != nil {
		mic, err := ComputeMIC(exported, c.negotiate, challenge, message)
		if err != nil {
			return nil, exported, err
		}
		SetMIC(message, mic)
	}
	return message, exported, nil
}

// with returns a copy of t in which id has the value v.
func (t TargetInfo) with(id AVID, v []byte) TargetInfo {
	out := make(TargetInfo, 0, len(t)+1)
	for _, p := range t {
		if p.ID != id {
			out = append(out, p)
		}
	}
	return append(out, AVPair{id, v})
}
