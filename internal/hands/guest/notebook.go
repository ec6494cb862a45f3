package guest

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// jupyter is the part of the notebook format (nbformat 4) that can be read.
type jupyter struct {
	Cells []struct {
		Type    string     `json:"cell_type"`
		Source  lines      `json:"source"`
		Outputs []nbOutput `json:"outputs"`
	} `json:"cells"`
}

type nbOutput struct {
	Text  lines            `json:"text"`
	Data  map[string]lines `json:"data"`
	Name  string           `json:"ename"`
	Value string           `json:"evalue"`
}

// lines is a text that a notebook stores as a string or a list of lines; other
// values (JSON outputs, widgets) are kept as empty text.
type lines string

// UnmarshalJSON implements [json.Unmarshaler].
func (l *lines) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*l = lines(one)
		return nil
	}
	var many []string
	if json.Unmarshal(b, &many) == nil {
		*l = lines(strings.Join(many, ""))
	}
	return nil
}

// notebook turns a notebook into text: cells in order with their textual
// outputs, pictures left out. It is false for anything that isn't a notebook.
func notebook(r io.Reader) (string, bool) {
	var nb jupyter
	if err := json.NewDecoder(r).Decode(&nb); err != nil || nb.Cells == nil {
		return "", false
	}
	var b strings.Builder
	for i, cell := range nb.Cells {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "# Cell %d [%s]\n%s\n", i+1, cell.Type, cell.Source)
		for _, out := range cell.Outputs {
			if text := out.text(); text != "" {
				fmt.Fprintf(&b, "# Output\n%s\n", strings.TrimRight(text, "\n"))
			}
		}
	}
	return b.String(), true
}

func (o nbOutput) text() string {
	switch {
	case o.Text != "":
		return string(o.Text)
	case o.Data["text/plain"] != "":
		return string(o.Data["text/plain"])
	case o.Name != "":
		return o.Name + ": " + o.Value
	}
	for mediaType := range o.Data {
		if strings.HasPrefix(mediaType, "image/") {
			return "[" + mediaType + "]"
		}
	}
	return ""
}
