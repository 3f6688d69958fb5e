package client

import (
	"context"
	"fmt"

	"shutout/lab"
	"shutout/lab/protocol/mapi"
)

// encodeRops makes an extended buffer of ROPs.
func encodeRops(handles []uint32, rops []mapi.Request) ([]byte, error) {
	payload, err := mapi.RequestBuffer{Rops: rops, Handles: handles}.Encode()
	if err != nil {
		return nil, err
	}
	return mapi.AppendPayload(nil, payload, mapi.FlagLast)
}

// decodeRops reads the answer to them. All requests must be answered.
func decodeRops(answer []byte, rops []mapi.Request) (mapi.ResponseBuffer, error) {
	payloads, err := mapi.ParsePayloads(answer)
	if err != nil {
		return mapi.ResponseBuffer{}, err
	}
	p, err := mapi.ParseResponses(payloads[0], mapi.Sent{Rops: rops, Columns: func(uint8) []mapi.PropTag { return columns }})
	if err != nil {
		return mapi.ResponseBuffer{}, err
	}
	due := 0
	for _, q := range rops {
		if q.Rop() != mapi.RopRelease {
			due++
		}
	}
	answers := p.Rops[:0]
	for _, r := range p.Rops {
		switch r.(type) {
		case *mapi.NotifyResponse, *mapi.PendingResponse: // the next list shows what they tell of
		default:
			answers = append(answers, r)
		}
	}
	if p.Rops = answers; len(answers) != due {
		return mapi.ResponseBuffer{}, fmt.Errorf("%d answers to %d operations", len(answers), due)
	}
	return p, nil
}

// call passes ROPs to the server and reads the answers, which may be failures:
// see judgeRops. The table that comes back is as long as handles.
func (o *outlook) call(ctx context.Context, stage string, once bool, handles []uint32, rops ...mapi.Request) (mapi.ResponseBuffer, error) {
	buffer, err := encodeRops(handles, rops)
	if err != nil {
		return mapi.ResponseBuffer{}, err
	}
	o.line.record.rops(rops)
	answer, err := o.carrier.execute(ctx, stage, buffer, once)
	if err != nil {
		return mapi.ResponseBuffer{}, err
	}
	p, err := decodeRops(answer, rops)
	if err == nil && len(p.Handles) < len(handles) {
		err = fmt.Errorf("a table of %d handles where there were %d", len(p.Handles), len(handles))
	}
	if err != nil {
		return mapi.ResponseBuffer{}, muddled(stage, once, err)
	}
	o.line.record.refusals(p)
	return p, nil
}

// judgeRops is the first failure among the answers.
func judgeRops(stage string, p mapi.ResponseBuffer) error {
	for _, r := range p.Rops {
		if f := judgeRop(stage, r); f != nil {
			return f
		}
	}
	return nil
}

func judgeRop(stage string, r mapi.Response) *lab.Failure {
	switch r := r.(type) {
	case *mapi.ErrorResponse:
		return refused(stage, r.ID.String()+": "+r.Code.String())
	case *mapi.LogonRedirectResponse, *mapi.BufferTooSmallResponse:
		return unexpected(stage, "%v", r.Rop())
	}
	return nil
}
