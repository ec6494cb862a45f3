package fetch

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// unread are elements that nobody reads.
var unread = map[string]bool{
	"script": true, "style": true, "noscript": true, "template": true, "svg": true, "canvas": true,
	"iframe": true, "object": true, "embed": true, "video": true, "audio": true,
}

// maxDepth is how deep elements are converted as what they are; of what is
// deeper only the text is kept. Converting takes time by depth times length.
const maxDepth = 100

// tidy takes elements out of a page that nobody reads, makes links absolute and
// drops links and images that lead nowhere (data:, javascript:). It answers how
// many elements are left.
func tidy(doc *html.Node, base *url.URL) (elements int) {
	if href := baseOf(doc); href != "" {
		if u, err := base.Parse(href); err == nil {
			base = u
		}
	}
	var walk func(*html.Node, int)
	walk = func(n *html.Node, depth int) {
		if depth > maxDepth {
			flatten(n)
			return
		}
		for c := n.FirstChild; c != nil; {
			next := c.NextSibling
			if c.Type == html.CommentNode || c.Type == html.ElementNode && (unread[c.Data] || !absolute(c, base)) {
				n.RemoveChild(c)
			} else {
				if c.Type == html.ElementNode {
					elements++
				}
				walk(c, depth+1)
			}
			c = next
		}
	}
	walk(doc, 0)
	return elements
}

// flatten puts its text in place of what is inside an element.
func flatten(n *html.Node) {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	for n.FirstChild != nil {
		n.RemoveChild(n.FirstChild)
	}
	n.AppendChild(&html.Node{Type: html.TextNode, Data: b.String()})
}

// absolute makes the links of an element absolute. It reports false for an
// image that has none worth showing.
func absolute(n *html.Node, base *url.URL) bool {
	kept := n.Attr[:0]
	ok := false
	for _, a := range n.Attr {
		switch a.Key {
		case "href", "src":
			u, err := base.Parse(strings.TrimSpace(a.Val))
			if err != nil || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" {
				continue
			}
			a.Val = u.String()
			ok = true
		case "srcset", "style":
			continue
		}
		kept = append(kept, a)
	}
	if n.Attr = kept; n.Data == "a" && !ok {
		n.Data, n.DataAtom = "span", atom.Span
	}
	return ok || n.Data != "img"
}

func baseOf(doc *html.Node) string {
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "base" {
			for _, a := range n.Attr {
				if a.Key == "href" {
					return a.Val
				}
			}
		}
	}
	return ""
}

// titleOf is the text of a page's title element, on one line.
func titleOf(doc *html.Node) string {
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "title" && n.FirstChild != nil {
			return strings.Join(strings.Fields(n.FirstChild.Data), " ")
		}
	}
	return ""
}
