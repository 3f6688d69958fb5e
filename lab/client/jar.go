package client

import (
	"net/http"
	"strings"
	"time"
)

// jar keeps the cookies of one host (RFC 6265): every request of a session
// goes to that host, so a cookie for others is of no use.
type jar struct {
	host    string
	secure  bool           // the requests go over TLS
	cookies []*http.Cookie // in the order in which they came first
}

// take stores, replaces and deletes what a response sets.
func (j *jar) take(resp *http.Response, now time.Time) {
	if len(resp.Header["Set-Cookie"]) == 0 {
		return
	}
	for _, c := range resp.Cookies() {
		if domain := strings.TrimPrefix(c.Domain, "."); domain != "" && !within(j.host, domain) {
			continue
		}
		if c.Path == "" || c.Path[0] != '/' {
			c.Path = defaultPath(resp.Request.URL.Path)
		}
		switch {
		case c.MaxAge < 0:
			c.Expires = now
		case c.MaxAge > 0:
			c.Expires = now.Add(time.Duration(c.MaxAge) * time.Second)
		}
		j.put(c, expired(c, now))
	}
}

func (j *jar) put(c *http.Cookie, gone bool) {
	for i, old := range j.cookies {
		if old.Name != c.Name || old.Path != c.Path {
			continue
		}
		if gone {
			j.cookies = append(j.cookies[:i], j.cookies[i+1:]...)
		} else {
			j.cookies[i] = c
		}
		return
	}
	if !gone && len(j.cookies) < maxCookies {
		j.cookies = append(j.cookies, c)
	}
}

// maxCookies is what RFC 6265 section 6.1 asks a client to keep for a domain.
const maxCookies = 50

func expired(c *http.Cookie, now time.Time) bool {
	return !c.Expires.IsZero() && !c.Expires.After(now)
}

// header is the value of the Cookie field for a request of path.
func (j *jar) header(path string, now time.Time) string {
	b := make([]byte, 0, 512) // a session's cookies fit, so only the text is allocated
	for _, c := range j.cookies {
		if !pathMatch(path, c.Path) || expired(c, now) || c.Secure && !j.secure {
			continue
		}
		if len(b) > 0 {
			b = append(b, "; "...)
		}
		b = append(b, c.Name...)
		b = append(b, '=')
		b = append(b, c.Value...)
	}
	return string(b)
}

func within(host, domain string) bool {
	host, domain = strings.ToLower(host), strings.ToLower(domain)
	return host == domain || strings.HasSuffix(host, "."+domain)
}

// defaultPath is the directory of the request (RFC 6265 section 5.1.4).
func defaultPath(request string) string {
	if i := strings.LastIndexByte(request, '/'); i > 0 {
		return request[:i]
	}
	return "/"
}

// pathMatch is RFC 6265 section 5.1.4.
func pathMatch(request, cookie string) bool {
	return strings.HasPrefix(request, cookie) &&
		(len(request) == len(cookie) || cookie[len(cookie)-1] == '/' || request[len(cookie)] == '/')
}
