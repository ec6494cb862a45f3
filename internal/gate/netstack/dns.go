package netstack

import (
	"errors"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/ostlerdev/ostler/internal/gate/policy"
)

const (
	// ttl is how long programs may keep an address, in seconds. It is good for
	// longer; but names that are asked for again aren't forgotten.
	ttl = 60
	// maxQuery is the largest query that is read, in bytes, and what the name
	// server says it takes.
	maxQuery = 1232
	// The option of an extended error, and its code for what a policy forbids
	// (RFC 8914 sections 2 and 4.16).
	extendedError = 15
	blocked       = 15
	maxReason     = 300 // bytes of its text
)

// answer is the answer to a query, or nil if none is due: to what isn't a
// query, an answer could go back and forth forever.
func (s *Stack) answer(query []byte) []byte {
	var p dnsmessage.Parser
	h, err := p.Start(query)
	if err != nil || h.Response {
		return nil
	}
	r := reply{header: dnsmessage.Header{
		ID: h.ID, Response: true, OpCode: h.OpCode, RecursionDesired: h.RecursionDesired, RecursionAvailable: true,
		CheckingDisabled: h.CheckingDisabled,
	}}
	questions, err := p.AllQuestions()
	switch {
	case h.OpCode != 0:
		r.header.RCode = dnsmessage.RCodeNotImplemented
	case err != nil || len(questions) != 1:
		r.header.RCode = dnsmessage.RCodeFormatError
	default:
		r.question = &questions[0]
		r.extended = extends(&p)
		s.resolve(&r)
	}
	out, err := r.pack()
	if err != nil {
		return nil
	}
	return out
}

// extends says whether a query has the pseudo-record of EDNS (RFC 6891).
func extends(p *dnsmessage.Parser) bool {
	if errors.Join(p.SkipAllAnswers(), p.SkipAllAuthorities()) != nil {
		return false
	}
	for {
		h, err := p.AdditionalHeader()
		if err != nil {
			return false
		}
		if h.Type == dnsmessage.TypeOPT {
			return true
		}
		if p.SkipAdditional() != nil {
			return false
		}
	}
}

// resolve fills in what the name has.
func (s *Stack) resolve(r *reply) {
	if r.question.Class != dnsmessage.ClassINET && r.question.Class != dnsmessage.ClassANY {
		r.header.RCode = dnsmessage.RCodeRefused
		return
	}
	host, err := policy.ParseHost(r.question.Name.String())
	if err != nil || host.IsLiteral() {
		r.header.RCode = dnsmessage.RCodeNameError
		return
	}
	wanted := r.question.Type == dnsmessage.TypeA || r.question.Type == dnsmessage.TypeALL
	if name := host.String(); name == "localhost" || strings.HasSuffix(name, ".localhost") { // RFC 6761 section 6.3
		if wanted {
			r.address = netip.AddrFrom4([4]byte{127, 0, 0, 1})
		}
		return
	}
	if err := s.gate.Lookup(host); err != nil {
		r.header.RCode, r.reason = dnsmessage.RCodeNameError, err.Error()
		return
	}
	if wanted {
		r.address = s.names.addrOf(host)
	}
}

// reply is an answer in the making.
type reply struct {
	header   dnsmessage.Header
	question *dnsmessage.Question // nil if it couldn't be read
	extended bool                 // the query has the pseudo-record of EDNS
	address  netip.Addr           // the zero Addr if there is none
	reason   string               // why the policy forbids it, if it does
}

func (r *reply) pack() ([]byte, error) {
	m := dnsmessage.Message{Header: r.header}
	if r.question != nil {
		m.Questions = []dnsmessage.Question{*r.question}
	}
	if r.address.IsValid() {
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: r.question.Name, Class: dnsmessage.ClassINET, TTL: ttl},
			Body:   &dnsmessage.AResource{A: r.address.As4()},
		}}
	}
	if r.extended {
		var h dnsmessage.ResourceHeader
		if err := h.SetEDNS0(maxQuery, dnsmessage.RCodeSuccess, false); err != nil {
			return nil, err
		}
		options := &dnsmessage.OPTResource{}
		if r.reason != "" {
			text := r.reason[:min(len(r.reason), maxReason)]
			options.Options = []dnsmessage.Option{{Code: extendedError, Data: append([]byte{0, blocked}, text...)}}
		}
		m.Additionals = []dnsmessage.Resource{{Header: h, Body: options}}
	}
	return m.Pack()
}
