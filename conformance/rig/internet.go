package rig

import (
	"io"
	"net/http"
)

// internet is what web_search finds and web_fetch reads: a SearXNG, and the
// pages of http://pages.test.
func internet(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/search":
		io.WriteString(w, `{"results":[{"url":"http://pages.test/guide","title":"The guide","content":"How to keep horses."}]}`)
	case "/guide":
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, `<title>The guide</title><h1>Horses</h1><p>They want hay.`)
	case "/guide.pdf":
		w.Header().Set("Content-Type", "application/pdf")
		io.WriteString(w, "%PDF-1.4\n%%EOF\n")
	default:
		http.NotFound(w, r)
	}
}
