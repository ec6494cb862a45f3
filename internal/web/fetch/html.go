package fetch

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	readability "codeberg.org/readeck/go-readability/v2"
	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"golang.org/x/net/html"
)

// maxElements is how many elements a page may have to be searched for its
// article, which takes more time the more there are.
const maxElements = 50_000

// readable makes Markdown of an HTML page: of its article if it has one, else
// of the whole page. A page that can't be parsed becomes its bare text.
func readable(page, pageURL string) (title, text string) {
	title, text, err := convert(page, pageURL)
	if err != nil {
		return "", bareText(page)
	}
	return title, text
}

// convert does the work of readable. The libraries have no limits of their own
// against pages made to break them, so that a panic is an error here.
func convert(page, pageURL string) (title, text string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the page broke its conversion: %v", p)
		}
	}()
	base, err := url.Parse(pageURL)
	if err != nil {
		return "", "", err
	}
	doc, err := html.Parse(strings.NewReader(page)) // refuses pages nested too deep
	if err != nil {
		return "", "", err
	}
	n := tidy(doc, base)
	title = titleOf(doc)
	if n <= maxElements && readability.CheckDocument(doc) {
		article, err := readability.FromDocument(doc, base)
		if err == nil && article.Node != nil {
			if text, err := markdown(article.Node); err == nil && len(text) >= minArticle {
				return title, text, nil
			}
		}
	}
	text, err = markdown(doc)
	if err == nil && text == "" {
		err = errors.New("nothing is left of the page")
	}
	return title, text, err
}

// minArticle is the length of Markdown below which an article is taken for a
// mistake.
const minArticle = 200

func markdown(n *html.Node) (string, error) {
	conv := converter.NewConverter(converter.WithPlugins(base.NewBasePlugin(), commonmark.NewCommonmarkPlugin(), table.NewTablePlugin()))
	out, err := conv.ConvertNode(n)
	return strings.TrimSpace(string(out)), err
}

var spaces = regexp.MustCompile(`[ \t\r\f]+`)
var blankLines = regexp.MustCompile(`\n\s*\n+`)

// bareText is what is between the tags.
func bareText(page string) string {
	var b strings.Builder
	skip := ""
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(blankLines.ReplaceAllString(spaces.ReplaceAllString(b.String(), " "), "\n\n"))
		case html.TextToken:
			if skip == "" {
				b.Write(z.Text())
			}
		case html.StartTagToken:
			name, _ := z.TagName()
			if skip == "" && unread[string(name)] {
				skip = string(name)
			}
			b.WriteByte('\n')
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == skip {
				skip = ""
			}
		}
	}
}
